import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boolean, commandsFor, option, optional, type Param, repeated, rest, unless, word } from './command.ts'
import { complete } from './complete.ts'

interface Context {
  apps: string[]
}

const context: Context = { apps: ['shop', 'shelf', 'blog'] }
const { command, group, param } = commandsFor<Context, 'none'>()
const common = { summary: 'try things', right: 'none', examples: ['try'], run: async () => {} } as const
const app = (): Param<string, Context> => param({ summary: 'the app', app: true, parse: String, complete: (_prefix, { apps }) => apps })

const groups = [
  group('apps', 'Apps', [
    command({ ...common, name: 'apps:create', args: { name: word('the name') } }),
    command({ ...common, name: 'apps:destroy', args: { app: app() } }),
    command({
      ...common,
      name: 'apps:rename',
      args: { app: app(), name: param({ summary: 'the name', parse: String, complete: (_prefix, _context, typed) => [`${typed.app}-2`] }) },
    }),
    command({ ...common, name: 'git-hook', hidden: true }),
  ]),
  group('config', 'Config', [
    command({
      ...common,
      name: 'config:set',
      args: { app: unless('global', app()), pairs: rest('KEY', String, { complete: async () => ['PORT', 'PATH'] }) },
      flags: {
        global: boolean('for all'),
        format: option('FORMAT', 'x', String, { complete: () => ['json', 'text'], short: 'o' }),
        env: repeated(option('E', 'x')),
      },
    }),
  ]),
  group('run', 'Run', [
    command({
      ...common,
      name: 'run',
      args: { app: app(), words: optional(rest('COMMAND')) },
      flags: { tty: boolean('x') },
      passthrough: true,
    }),
  ]),
]

test('completion offers what can stand next', async () => {
  const cases: [words: string[], expected: string[]][] = [
    [['apps:'], ['apps:create', 'apps:destroy', 'apps:rename']],
    [['help', 'apps:c'], ['apps:create']],
    [['apps:rename', 'shop', ''], ['shop-2']],
    [['--app', 'blog', 'apps:rename', ''], ['blog-2']],
    [['apps:rename', '--app=blog', ''], ['blog-2']],
    [['git'], []],
    [['h'], ['help']],
    [['--a'], ['--app']],
    [
      ['apps:destroy', 'sh'],
      ['shelf', 'shop'],
    ],
    [['apps:destroy', 'shop', ''], []],
    [['apps:create', ''], []],
    [['nosuch', ''], []],
    [
      ['--quiet', 'apps:destroy', ''],
      ['blog', 'shelf', 'shop'],
    ],
    [
      ['--app', 'sh'],
      ['shelf', 'shop'],
    ],
    [['config:set', '--app', 'b'], ['blog']],
    [
      ['--app', 'shop', 'config:set', 'P'],
      ['PATH', 'PORT'],
    ],
    [['config:set', 'shop', 'PA'], ['PATH']],
    [['config:set', 'shop', 'PATH', 'PO'], ['PORT']],
    [
      ['config:set', '--global', 'P'],
      ['PATH', 'PORT'],
    ],
    [
      ['config:set', '--f'],
      ['--force', '--format'],
    ],
    [['config:set', '--format', 'j'], ['json']],
    [
      ['config:set', '-o', ''],
      ['json', 'text'],
    ],
    [['config:set', '--format=t'], ['--format=text']],
    [['config:set', '--format', 'json', '--env', 'x', '--e'], ['--env']],
    [['config:set', '--format', 'json', '--form'], []],
    [['config:set', 'shop', '--', '--f'], []],
    [
      ['run', '--t'],
      ['--trace', '--tty'],
    ],
    [['run', 'shop', '--t'], []],
  ]
  for (const [words, expected] of cases) assert.deepEqual(await complete(groups, words, context), expected, words.join(' '))
})
