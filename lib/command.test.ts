import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boolean, commandsFor, option, optional, type Param, repeated, rest, unless, usage, word } from './command.ts'

interface Context {
  apps: string[]
}

const { command, group, param } = commandsFor<Context, 'none' | 'deploy'>()

function app(): Param<{ name: string }, Context> {
  return param({ summary: 'the app', app: true, parse: (name) => ({ name }) })
}

const common = { summary: 'try things', right: 'deploy', examples: ['try it'], run: async () => {} } as const

test('a command infers what its run gets', async () => {
  let seen: unknown
  const set = command({
    ...common,
    name: 'config:set',
    args: { app: unless('global', app()), pairs: rest('KEY=VALUE', (pair): [string, string] => [pair, pair]) },
    flags: { global: boolean('for all apps'), tries: option('N', 'how often', Number), env: repeated(option('K=V', 'a pair')) },
    async run({ args, flags, context }) {
      const name: string | undefined = args.app?.name
      const first: [string, string] | undefined = args.pairs[0]
      const tries: number | undefined = flags.tries
      const env: string[] = flags.env
      const global: boolean = flags.global
      seen = { name, first, tries, env, global, apps: context.apps }
      return 3
    },
  })
  const input = { args: { app: { name: 'a' }, pairs: [] }, flags: { global: false, tries: undefined, env: [] }, context: { apps: ['b'] } }
  assert.equal(await set.run(input), 3)
  assert.deepEqual(seen, { name: 'a', first: undefined, tries: undefined, env: [], global: false, apps: ['b'] })
})

test('usage shows arguments, then flags', () => {
  const set = command({
    ...common,
    name: 'config:set',
    args: { app: unless('global', app()), pairs: rest('KEY=VALUE') },
    flags: { global: boolean('for all'), 'no-restart': boolean('leave it running'), env: repeated(option('K=V', 'a pair')) },
  })
  assert.equal(usage(set), 'config:set <app>|--global KEY=VALUE... [--no-restart] [--env K=V]...')
  const list = command({
    ...common,
    name: 'logs',
    args: { app: app(), process: optional(word('which', 'type[.n]')), more: optional(rest('WORD')) },
  })
  assert.equal(usage(list), 'logs <app> [<type[.n]>] [WORD...]')
})

test('usage of a passthrough command shows flags first, where they must be', () => {
  const spec = { args: { app: app(), words: rest('COMMAND') }, flags: { env: option('K=V', 'a pair') }, passthrough: true } as const
  assert.equal(usage(command({ ...common, name: 'run', ...spec })), 'run [--env K=V] <app> COMMAND...')
})

test('a command refuses a spec that cannot be parsed without guessing', () => {
  const one = word('x')
  assert.throws(() => command({ ...common, name: 'x', args: { a: optional(one), b: one } }), /required ones/)
  assert.throws(() => command({ ...common, name: 'x', args: { a: rest('A'), b: one } }), /required ones/)
  assert.throws(() => command({ ...common, name: 'x', args: { a: optional(one), b: rest('B') } }), /required ones/)
  assert.throws(() => command({ ...common, name: 'x', args: { a: rest('A'), b: rest('B') } }), /required ones/)
  assert.throws(() => command({ ...common, name: 'x', args: { a: unless('all', one) } }), /no --all/)
})

test('a command refuses names that are taken or malformed', () => {
  assert.throws(() => command({ ...common, name: 'x', flags: { quiet: boolean('x') } }), /global flag/)
  assert.throws(() => command({ ...common, name: 'x', flags: { Loud: boolean('x') } }), /flag name/)
  assert.throws(() => command({ ...common, name: 'Apps:list' }), /command name/)
  assert.throws(() => command({ ...common, name: 'a:b', aliases: ['a b'] }), /command name/)
})

test('a group holds the commands that begin with its name, and single words', () => {
  const list = command({ ...common, name: 'apps:list' })
  assert.equal(group('apps', 'Apps', [list, command({ ...common, name: 'urls' })]).commands.length, 2)
  assert.throws(() => group('config', 'Config', [list]), /cannot be in the group/)
})
