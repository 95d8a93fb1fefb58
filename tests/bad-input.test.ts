import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import * as z from 'zod'
import type { Command } from '#lib/command.ts'
import { UserError } from '#lib/errors.ts'
import { parse } from '#lib/parse.ts'
import { scan, slots, type Token } from '#lib/scan.ts'
import { parseWords, quoteWords } from '#lib/words.ts'
import type { Identity, Right } from '../dokku/access.ts'
import type { Context } from '../dokku/context.ts'
import { createApp } from '../dokku/create.ts'
import { stateOnly } from '../dokku/fixtures.ts'
import { groups } from '../dokku/plugins.ts'
import { someApp } from '../dokku/report.ts'

const all = await groups()
const commands = all.flatMap((group) => group.commands)
const instance = stateOnly({}, { plugins: { handles: async () => false, own: () => [], store: { list: async () => [] } } as never })
for (const name of ['node-js-app', 'shop', 'a']) await createApp(instance, name)
const admin: Identity = { name: 'ada', role: () => 'admin', credential: 'key' }
const stranger: Identity = { name: 'eve', role: () => undefined, credential: 'key' }
const contextOf = (identity: Identity) =>
  ({ instance, identity, groups: all, quiet: false, force: false, trace: false }) as unknown as Context
const tables = instance.db.all(z.object({ name: z.string() }), "SELECT name FROM sqlite_master WHERE type = 'table'")

/** All that the database holds. */
function state(): string {
  return JSON.stringify(tables.map(({ name }) => instance.db.all(z.unknown(), `SELECT * FROM ${name}`)))
}

/** Words of each command that are as they should be, those of its shortest example first. */
const rightly = commands.map((command) => {
  const [words = []] = command.examples
    .map(parseWords)
    .filter(([name]) => name === command.name)
    .map(([, ...words]) => words)
    .toSorted((a, b) => a.length - b.length)
  return { command, words, tokens: scan(command, words) }
})

/** What becomes of words: values, or a UserError with a code; anything else is our fault, and fails. */
async function outcome(command: Command<Context, Right>, words: readonly string[], identity = admin): Promise<UserError | undefined> {
  try {
    await parse(command, words, contextOf(identity))
    return undefined
  } catch (error) {
    if (!(error instanceof UserError))
      throw new Error(`${command.name} ${quoteWords(words).slice(0, 200)}: ${String(error)}`, { cause: error })
    assert.match(error.code, /^[a-z]+(-[a-z0-9]+)*$/)
    assert.ok(error.exitCode > 0 && error.message.length < 1000, `${command.name}: ${error.message.slice(0, 200)}`)
    return error
  }
}

const typed = (tokens: readonly Token[]) => tokens.flatMap(({ words }) => words)

test('a word that is missing is said to be, whichever it is', async () => {
  let tried = 0
  for (const { command, tokens } of rightly) {
    const wanted = slots(command, tokens).filter(([, arg]) => arg.kind === 'one' || (arg.kind === 'rest' && arg.least === 1))
    for (let left = 0; left < wanted.length; left += 1) {
      const operands = tokens.filter(({ kind }) => kind === 'operand')
      const words = typed(tokens.filter((token) => token.kind !== 'operand' || operands.indexOf(token) < left))
      const error = await outcome(command, words)
      assert.notEqual(error, undefined, `${command.name} ${words}`)
      if (left === 0) assert.equal(error?.code, 'missing-argument', `${command.name} ${words}`)
      tried += 1
    }
  }
  assert.ok(tried > 150)
})

test('a flag that no command has, a value that is missing and a word too many are refused', async () => {
  for (const { command, words } of rightly) {
    if (!command.passthrough) assert.equal((await outcome(command, [...words, '--no-such-flag']))?.code, 'unknown-flag', command.name)
    for (const [key, flag] of Object.entries(command.flags ?? {})) {
      if (command.passthrough) continue
      const code = flag.kind === 'boolean' ? undefined : (await outcome(command, [...words, `--${key}`]))?.code
      if (flag.kind === 'boolean')
        assert.equal((await outcome(command, [...words, `--${key}=yes`]))?.code, 'unexpected-value', `${command.name} --${key}`)
      else assert.equal(code, 'missing-value', `${command.name} --${key}`)
    }
    if (Object.values(command.args ?? {}).some(({ kind }) => kind === 'rest')) continue
    const full = Object.keys(command.args ?? {}).map(() => 'a')
    assert.equal((await outcome(command, [...full, 'b', 'c']))?.code, 'too-many-arguments', command.name)
  }
})

test('an app that is not there, or of which somebody may see nothing, is exit status 20', async () => {
  let tried = 0
  for (const { command, tokens } of rightly) {
    const at = slots(command, tokens).findIndex(([, arg]) => arg.kind !== 'rest' && arg.app && arg.parse === someApp.parse)
    const operand = tokens.filter(({ kind }) => kind === 'operand')[at]
    if (operand === undefined) continue
    const missing = typed(tokens.map((token) => (token === operand ? { ...token, words: ['no-such-app'] } : token)))
    assert.equal((await outcome(command, missing))?.exitCode, 20, command.name)
    const theirs = await outcome(command, typed(tokens), stranger)
    assert.deepEqual([theirs?.code, theirs?.exitCode], ['app-missing', 20], command.name)
    tried += 1
  }
  assert.ok(tried > 100)
})

/** Words that were written to do harm, and some that only happen. */
const hostile = [
  ...[
    '',
    ' ',
    '-',
    '..',
    '../../etc/passwd',
    '/',
    '.',
    '*',
    '{}',
    '[]',
    'null',
    'NaN',
    '-1',
    '0',
    '1e9',
    '99999999999999999999',
    '=',
    '=x',
    ':',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '$(reboot)',
    '`id`',
    ';id',
    '|id',
    "'",
    '"',
    '\\',
    '\u0000',
    '\n',
    '\r\nX: y',
  ],
  ...[
    '\u001b[2J',
    '\u202e',
    '%s%n',
    'ümläut',
    '🙂',
    'a b',
    'A',
    'http://',
    'http://[::1',
    'x'.repeat(300),
    'x'.repeat(200_000),
    '0.0.0.0/99',
  ],
]

test('whatever stands in the place of an argument or of a flag’s value is taken or refused with a code, and changes nothing', async () => {
  const before = state()
  for (const { command } of rightly)
    for (const [key, spec] of [...Object.entries(command.args ?? {}), ...Object.entries(command.flags ?? {})])
      for (const word of hostile) {
        if (spec.kind === 'boolean') continue
        await fits(`${command.name} ${key}`, () => spec.parse(word, contextOf(admin)))
      }
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...rightly),
      fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 6 }),
      async ({ command }, words) => {
        await outcome(command, words)
      },
    ),
    { numRuns: 1500 },
  )
  assert.equal(state(), before)
})

async function fits(what: string, work: () => unknown): Promise<void> {
  try {
    await work()
  } catch (error) {
    assert.ok(error instanceof UserError, `${what}: ${String(error)}`)
    assert.match(error.code, /^[a-z]+(-[a-z0-9]+)*$/, what)
    assert.ok(error.message.length < 1000, `${what}: a message of ${error.message.length} letters`)
  }
}
