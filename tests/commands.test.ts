import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Command } from '#lib/command.ts'
import { parse } from '#lib/parse.ts'
import { resolve } from '#lib/resolve.ts'
import { scan, slots } from '#lib/scan.ts'
import { parseWords, quoteWords } from '#lib/words.ts'
import { groups } from '../dokku/plugins.ts'

const all = await groups()
const commands = all.flatMap((group) => group.commands)

/** Every example that begins with the command's own name, as words. */
const examples = commands.flatMap((command) =>
  command.examples
    .map(parseWords)
    .filter(([name]) => name === command.name)
    .map(([, ...words]) => ({ command, words })),
)

/** The words of a line as its command gets them, by argument and flag, and the global flags beside them. */
async function understood(line: readonly string[]) {
  const resolved = resolve(all, line)
  if (resolved.kind !== 'run') throw new Error(`${quoteWords(line)} is help`)
  const { command, words, globals } = resolved
  const { next: _, ...rest } = command
  const asTyped = (specs: object = {}) => Object.fromEntries(Object.entries(specs).map(([key, spec]) => [key, { ...spec, parse: same }]))
  const spec: Command<undefined> = {
    ...rest,
    reads: () => false,
    args: asTyped(command.args),
    flags: asTyped(command.flags),
    run: async () => {},
  }
  const { app, ...flags } = globals
  return { name: command.name, globals: flags, values: await parse(spec, words, undefined, app) }
}

const same = (word: string) => word

test('every command takes its app by place, and by --app before and behind its name', async () => {
  let tried = 0
  for (const { command, words } of examples) {
    const tokens = scan(command, words)
    const at = slots(command, tokens).findIndex(([, arg]) => arg.kind !== 'rest' && arg.app)
    const operand = tokens.filter(({ kind }) => kind === 'operand')[at]
    if (at < 0 || operand?.kind !== 'operand') continue
    const without = tokens.filter((token) => token !== operand).flatMap((token) => token.words)
    const wanted = await understood([command.name, ...words])
    for (const line of [
      ['--app', operand.value, command.name, ...without],
      [command.name, '--app', operand.value, ...without],
      [`--app=${operand.value}`, command.name, ...without],
    ])
      assert.deepEqual(await understood(line), wanted, quoteWords(line))
    tried++
  }
  assert.ok(tried > 20)
})

test('every argument that names an app says so', () => {
  const wrong = commands.flatMap(({ name, args = {} }) =>
    Object.entries(args).flatMap(([key, arg]) =>
      (arg.label ?? key) === 'app' && !(arg.kind !== 'rest' && arg.app) ? [`${name}: ${key}`] : [],
    ),
  )
  assert.deepEqual(wrong, [])
})

test('every command that needs a right and only looks says so, and is no event', () => {
  const looks = /:(list|show|report|get|info|diff|output|export|keys|inspect|logs)$|^(logs|events|url|urls)$/
  const silent = commands.filter(({ name, right, reads }) => looks.test(name) && !['none', 'view'].includes(right) && reads === undefined)
  assert.deepEqual(
    silent.map(({ name }) => name),
    [],
  )
})

test('--quiet, --force and --trace work anywhere before --, and before the words that a command passes on', async () => {
  for (const { command, words } of examples) {
    const wanted = await understood([command.name, ...words])
    const tokens = scan(command, words)
    const own = slots(command, tokens).filter(([, arg]) => arg.kind !== 'rest').length
    const operands = tokens.flatMap((token, at) => (token.kind === 'operand' ? [at] : []))
    const end = tokens.findIndex(({ kind }) => kind === 'end')
    const last = command.passthrough ? (operands[own - 1] ?? -1) : end < 0 ? tokens.length : end
    for (const flag of ['quiet', 'force', 'trace'] as const) {
      const lines = Array.from({ length: last + 1 }, (_, at) => [
        command.name,
        ...tokens.toSpliced(at, 0, { kind: 'global', key: flag, words: [`--${flag}`] }).flatMap((token) => token.words),
      ])
      for (const line of [[`--${flag}`, command.name, ...words], ...lines])
        assert.deepEqual(await understood(line), { ...wanted, globals: { ...wanted.globals, [flag]: true } }, quoteWords(line))
    }
  }
})

test('every list and every report of one app or all can be had as JSON', () => {
  const without = commands.filter(({ name, hidden, flags = {} }) => /:(list|report)$/.test(name) && !hidden && !('format' in flags))
  assert.deepEqual(
    without.map(({ name }) => name),
    [],
  )
})
