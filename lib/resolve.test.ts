import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { boolean, commandsFor, optional, type Param, rest, word } from './command.ts'
import { complete } from './complete.ts'
import { UserError } from './errors.ts'
import { find, type Resolved, resolve } from './resolve.ts'

const { command, group, param } = commandsFor<undefined, 'none'>()
const common = { summary: 'try things', right: 'none', examples: ['try'], run: async () => {} } as const
const app = (): Param<string, undefined> => param({ summary: 'the app', app: true, parse: String })

const groups = [
  group('apps', 'Manage apps', [
    command({ ...common, name: 'apps:create', args: { name: word('the name') } }),
    command({ ...common, name: 'apps:list' }),
    command({ ...common, name: 'git-hook', hidden: true }),
  ]),
  group('config', 'Manage environment variables', [
    command({ ...common, name: 'config:set', args: { app: app(), pairs: rest('K=V') }, flags: { 'no-restart': boolean('leave it') } }),
    command({ ...common, name: 'config:show', aliases: ['config'], args: { app: app() } }),
  ]),
  group('logs', 'Show output', [
    command({ ...common, name: 'logs', args: { app: app() } }),
    command({ ...common, name: 'logs:failed', args: { app: optional(app()) } }),
  ]),
  group('run', 'Run one-off processes', [
    command({ ...common, name: 'run', args: { app: app(), words: rest('COMMAND') }, passthrough: true }),
  ]),
  group('version', 'Show the version', [command({ ...common, name: 'version' })]),
]

function runs(...typed: string[]) {
  const resolved = resolve(groups, typed)
  assert.equal(resolved.kind, 'run')
  const { command: found, words, globals } = resolved as Extract<Resolved<undefined, 'none'>, { kind: 'run' }>
  return { name: found.name, words, globals }
}

function helps(...typed: string[]): string {
  const resolved = resolve(groups, typed)
  assert.equal(resolved.kind, 'help')
  return resolved.kind === 'help' ? resolved.text : ''
}

const none = { quiet: false, force: false, trace: false }

test('a line resolves to its command', () => {
  assert.deepEqual(runs('config:set', 'shop', 'A=1'), { name: 'config:set', words: ['shop', 'A=1'], globals: none })
  assert.equal(runs('git-hook').name, 'git-hook')
  assert.equal(runs('logs', 'shop').name, 'logs')
})

test('an alias resolves to its command, and alone to help when it is a group', () => {
  assert.equal(runs('config', 'shop').name, 'config:show')
  assert.match(helps('config'), /config:set <app>/)
})

test('global flags are taken from anywhere before --', () => {
  assert.deepEqual(runs('--quiet', 'apps:create', '--force', 'shop', '--trace'), {
    name: 'apps:create',
    words: ['shop'],
    globals: { quiet: true, force: true, trace: true },
  })
  assert.deepEqual(runs('--app', 'shop', '-q', 'config:set', 'A=1'), {
    name: 'config:set',
    words: ['A=1'],
    globals: { ...none, quiet: true, app: 'shop' },
  })
  assert.deepEqual(runs('config:set', 'A=1', '--app=shop').globals, { ...none, app: 'shop' })
  assert.deepEqual(runs('apps:create', '--', '--force'), { name: 'apps:create', words: ['--', '--force'], globals: none })
  assert.deepEqual(runs('--', 'apps:create', '--', '-x').words, ['--', '-x'])
})

test('global flags are not taken from the words of a passthrough command', () => {
  assert.deepEqual(runs('run', '--quiet', 'shop', 'rake', '--trace', '--app', 'x', '--help'), {
    name: 'run',
    words: ['shop', 'rake', '--trace', '--app', 'x', '--help'],
    globals: { ...none, quiet: true },
  })
  assert.deepEqual(runs('--app', 'shop', 'run', 'ls', '--force'), {
    name: 'run',
    words: ['ls', '--force'],
    globals: { ...none, app: 'shop' },
  })
  assert.deepEqual(runs('run', '--app', 'shop', 'ls', '--force').words, ['ls', '--force'])
})

test('malformed global flags are complained about', () => {
  assert.throws(() => runs('--nope', 'apps:list'), { code: 'unknown-flag' })
  assert.throws(() => runs('--app'), { code: 'missing-value' })
  assert.deepEqual(runs('apps:list', '--quiet=1').words, ['--quiet=1'])
})

test('help is asked for in every usual way', () => {
  const all = helps('help', '--all')
  assert.match(all, /apps:create <name> /)
  for (const typed of [[], ['help'], ['--help']]) assert.doesNotMatch(helps(...typed), /apps:create/)
  for (const typed of [['apps'], ['apps:help'], ['help', 'apps']]) assert.match(helps(...typed), /apps:create <name>/)
  for (const typed of [
    ['help', 'logs'],
    ['logs', '--help'],
    ['logs', 'shop', '-h'],
  ])
    assert.match(helps(...typed), /^Usage: dokku logs <app>/)
  assert.match(helps('logs:help'), /logs:failed/)
  assert.doesNotMatch(all, /git-hook/)
})

test('--version and -v are the version command', () => {
  for (const typed of ['--version', '-v']) assert.equal(runs(typed).name, 'version')
})

test('an unknown command says what was probably meant', () => {
  assert.throws(() => resolve(groups, ['apps:craete', 'x']), { code: 'unknown-command', hint: 'did you mean apps:create?' })
  assert.throws(() => resolve(groups, ['confg']), { code: 'unknown-command', hint: 'did you mean config?' })
  assert.throws(() => resolve(groups, ['apps:exterminate']), { code: 'unknown-command', hint: 'see apps:help' })
  assert.throws(() => resolve(groups, ['$(id)']), { code: 'unknown-command', message: "'$(id)' is not a command" })
  assert.throws(() => resolve(groups, ['help', 'nosuch']), { code: 'unknown-command' })
  assert.throws(() => resolve(groups, ['']), { code: 'unknown-command' })
  assert.equal(find(groups, 'constructor'), undefined)
})

test('any line is a command, help or one clear error, and completes to words', async () => {
  const piece = fc.constantFrom(
    'apps:create',
    'run',
    'config',
    'help',
    '--all',
    '--app',
    '--app=',
    '-q',
    '-h',
    '-v',
    '--',
    '-',
    '',
    'shop',
    '--force',
    ':help',
  )
  const line = fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(line, async (typed) => {
      assert.ok((await complete(groups, typed, undefined)).every((candidate) => candidate.startsWith(typed.at(-1) ?? '')))
      try {
        resolve(groups, typed)
      } catch (error) {
        assert.ok(error instanceof UserError, String(error))
      }
    }),
  )
})
