import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { keptLine, type LogLine } from './line.ts'
import { allLinesOf, lastLinesOf, writeLines } from './lines-file.ts'

const line = (number: number, text = `line ${number}`): LogLine => ({
  time: `2026-11-23T10:00:00.${String(number).padStart(9, '0')}Z`,
  stream: number % 2 === 0 ? 'stdout' : 'stderr',
  text,
})

async function* of(lines: readonly LogLine[]) {
  yield* lines
}

async function scratch(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'lines-'))
  t.after(() => rm(dir, { recursive: true }))
  return join(dir, 'app', 'some.log')
}

test('lines come back as they were written, all or the last', async (t) => {
  const file = await scratch(t)
  const lines = Array.from({ length: 5000 }, (_, number) => line(number, `${'ä'.repeat(number % 90)} \u2028 ${number}`))
  const bytes = await writeLines(file, of(lines), 10 ** 9)
  assert.equal(bytes, (await readFile(file)).length)
  assert.deepEqual(await Array.fromAsync(allLinesOf(file)), lines)
  for (const count of [0, 1, 10, 4999, 5000, 6000]) assert.deepEqual(await lastLinesOf(file, count), count === 0 ? [] : lines.slice(-count))
})

test('of too many bytes the last lines are written, whole', async (t) => {
  const file = await scratch(t)
  const lines = Array.from({ length: 1000 }, (_, number) => line(number))
  const bytes = await writeLines(file, of(lines), 10_000)
  const kept = await Array.fromAsync(allLinesOf(file))
  assert.ok(bytes <= 10_000 && bytes > 9_900, String(bytes))
  assert.deepEqual(kept, lines.slice(-kept.length))
  assert.deepEqual(await readdir(join(file, '..')), ['some.log'])
})

test('one line longer than what may be kept leaves nothing of it, and a file that is gone has no lines', async (t) => {
  const file = await scratch(t)
  assert.equal(await writeLines(file, of([line(1, 'x'.repeat(500))]), 100), 0)
  assert.deepEqual(await lastLinesOf(`${file}.gone`, 5), [])
  assert.deepEqual(await Array.fromAsync(allLinesOf(`${file}.gone`)), [])
})

test('keptLine writes one line, whatever the text', () => assert.equal(keptLine(line(1, 'a b')).split('\n').length, 2))
