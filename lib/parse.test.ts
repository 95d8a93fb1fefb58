import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { boolean, type Command, commandsFor, option, optional, type Param, repeated, rest, unless, word } from './command.ts'
import { UserError } from './errors.ts'
import { checkWords, parse } from './parse.ts'

interface Context {
  apps: string[]
}

const context: Context = { apps: ['shop', 'blog'] }
const { command, param } = commandsFor<Context, 'none'>()
const common = { summary: 'try things', right: 'none', examples: ['try'], run: async () => {} } as const

function app(): Param<{ name: string }, Context> {
  return param({
    summary: 'the app',
    app: true,
    parse: async (name, { apps }) => {
      if (!apps.includes(name)) throw new UserError('no-such-app', `there is no app ${name}`, { exitCode: 20 })
      return { name }
    },
  })
}

const set = command({
  ...common,
  name: 'config:set',
  args: { app: unless('global', app()), pairs: rest('KEY=VALUE') },
  flags: { global: boolean('for all apps'), 'no-restart': boolean('leave it running') },
})
const logs = command({
  ...common,
  name: 'logs',
  args: { app: app(), process: optional(word('the process type')) },
  flags: {
    tail: boolean('follow', { short: 't' }),
    num: option('N', 'how many lines', Number, { short: 'n' }),
    env: repeated(option('K=V', 'a pair', String, { short: 'e' })),
  },
})
const run = command({
  ...common,
  name: 'run',
  args: { app: app(), words: rest('COMMAND') },
  flags: { env: repeated(option('K=V', 'a pair', String, { short: 'e' })) },
  passthrough: true,
})
const enter = command({
  ...common,
  name: 'enter',
  args: { app: app(), process: unless('container-id', optional(word('which'))), words: optional(rest('COMMAND')) },
  flags: { 'container-id': option('ID', 'which container') },
  passthrough: true,
})

test('parse gives arguments and flags as values', async () => {
  assert.deepEqual(await parse(set, ['shop', 'A=1', '--no-restart', 'B=2'], context), {
    args: { app: { name: 'shop' }, pairs: ['A=1', 'B=2'] },
    flags: { global: false, 'no-restart': true },
  })
  assert.deepEqual(await parse(logs, ['-n', '5', 'shop', '-t', 'web', '--env=A=', '-eB=2', '--env', '-x'], context), {
    args: { app: { name: 'shop' }, process: 'web' },
    flags: { tail: true, num: 5, env: ['A=', 'B=2', '-x'] },
  })
  assert.deepEqual(await parse(logs, ['blog'], context), {
    args: { app: { name: 'blog' }, process: undefined },
    flags: { tail: false, num: undefined, env: [] },
  })
})

test('parse takes no flag after --', async () => {
  const { args } = await parse(set, ['shop', '--', '--no-restart', '--', '-n'], context)
  assert.deepEqual(args.pairs, ['--no-restart', '--', '-n'])
})

test('parse takes a single dash as a word', async () => {
  assert.deepEqual((await parse(set, ['shop', '-'], context)).args.pairs, ['-'])
})

test('parse lets a flag stand for an argument', async () => {
  assert.deepEqual((await parse(set, ['--global', 'A=1'], context)).args, { app: undefined, pairs: ['A=1'] })
  assert.deepEqual((await parse(set, ['A=1', '--global'], context)).args, { app: undefined, pairs: ['A=1'] })
})

test('parse takes the app from --app, wherever it was typed', async () => {
  assert.deepEqual((await parse(set, ['A=1'], context, 'blog')).args, { app: { name: 'blog' }, pairs: ['A=1'] })
  assert.deepEqual((await parse(set, ['A=1', '--app', 'blog'], context)).args, { app: { name: 'blog' }, pairs: ['A=1'] })
  assert.deepEqual((await parse(set, ['A=1', '--global'], context, 'blog')).args, { app: undefined, pairs: ['A=1'] })
  assert.deepEqual((await parse(run, ['ls', '-la'], context, 'blog')).args, { app: { name: 'blog' }, words: ['ls', '-la'] })
})

test('parse leaves the words of a passthrough command as they are', async () => {
  assert.deepEqual(await parse(run, ['-e', 'A=1', 'shop', 'rake', '--trace', '-e', 'x', '--', '--app', 'y'], context), {
    args: { app: { name: 'shop' }, words: ['rake', '--trace', '-e', 'x', '--', '--app', 'y'] },
    flags: { env: ['A=1'] },
  })
  assert.deepEqual((await parse(run, ['shop', '--', 'ls', '--'], context)).args.words, ['ls', '--'])
  assert.deepEqual((await parse(run, ['--', 'shop', '-x'], context)).args.words, ['-x'])
  assert.deepEqual((await parse(enter, ['shop', 'web', 'ls', '-l'], context)).args, {
    app: { name: 'shop' },
    process: 'web',
    words: ['ls', '-l'],
  })
  assert.deepEqual((await parse(enter, ['shop', '--container-id', 'abc', 'ls', '-l'], context)).args, {
    app: { name: 'shop' },
    process: undefined,
    words: ['ls', '-l'],
  })
  assert.deepEqual((await parse(enter, ['shop'], context)).args, { app: { name: 'shop' }, process: undefined, words: [] })
})

test('parse complains with the usage as hint', async () => {
  const cases: [Parameters<typeof checkWords>[0], string[], string][] = [
    [set, ['shop'], 'missing-argument'],
    [set, [], 'missing-argument'],
    [logs, ['shop', 'web', 'x'], 'too-many-arguments'],
    [logs, ['shop', '--tial'], 'unknown-flag'],
    [logs, ['shop', '-x'], 'unknown-flag'],
    [logs, ['shop', '-t5'], 'unknown-flag'],
    [logs, ['shop', '--constructor'], 'unknown-flag'],
    [logs, ['shop', '--num'], 'missing-value'],
    [logs, ['shop', '--tail=yes'], 'unexpected-value'],
    [logs, ['shop', '-n', '1', '--num', '2'], 'repeated-flag'],
  ]
  for (const [spec, words, code] of cases)
    assert.throws(
      () => checkWords(spec, words),
      (error: UserError) => error.code === code && (error.hint?.startsWith(`usage: ${spec.name} `) ?? false),
      `${spec.name} ${words.join(' ')}`,
    )
  await assert.rejects(parse(logs, ['shop', '--tial'], context), /logs has no flag --tial; did you mean --tail\?/)
})

test('parse passes on what a parse function throws', async () => {
  await assert.rejects(parse(logs, ['nosuch'], context), { code: 'no-such-app', exitCode: 20 })
})

test('parse never throws anything but UserError', async () => {
  const piece = fc.constantFrom(
    '-',
    '--',
    '--num',
    '-n',
    '-n5',
    '--tail',
    '--tail=',
    '-t',
    '-e',
    '--env=',
    '--app',
    '--global',
    'shop',
    '',
    '=',
    '--__proto__',
    '-\n',
  )
  const words = fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 7 })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom<Command<Context>[]>(set, logs, run, enter), words, async (spec, typed) => {
      try {
        const { args } = await parse(spec, typed, context)
        assert.deepEqual(Object.keys(args), Object.keys(spec.args ?? {}))
      } catch (error) {
        assert.ok(error instanceof UserError, String(error))
      }
    }),
  )
})
