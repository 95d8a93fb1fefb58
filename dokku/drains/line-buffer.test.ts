import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppLine } from '../logs/line.ts'
import { LineBuffer } from './line-buffer.ts'

const line = (text: string): AppLine => ({ time: '', stream: 'stdout', text, app: 'a', dyno: 'web.1', release: 1, container: 'c' })
const texts = (lines: readonly AppLine[]) => lines.map(({ text }) => text)
const all = { lines: 10_000, bytes: 10 ** 9 }

test('LineBuffer gives lines in their order, and counts those that had to go: the oldest', () => {
  const buffer = new LineBuffer({ lines: 3, bytes: 10 ** 6 })
  const gone = ['1', '2', '3', '4', '5'].flatMap((text) => buffer.push(line(text)))
  assert.deepEqual(texts(gone), ['1', '2'])
  assert.deepEqual(texts(buffer.take({ lines: 2, bytes: 10 ** 6 })), ['3', '4'])
  assert.deepEqual(texts(buffer.take(all)), ['5'])
  assert.deepEqual([buffer.takeDropped(), buffer.takeDropped(), buffer.length], [2, 0, 0])
})

test('LineBuffer holds no more bytes than it may, but for one line that is longer', () => {
  const buffer = new LineBuffer({ lines: 100, bytes: 1000 })
  for (let n = 0; n < 10; n++) buffer.push(line('x'.repeat(100)))
  assert.equal(buffer.length, 3)
  buffer.push(line('y'.repeat(5000)))
  assert.equal(buffer.length, 1)
  assert.equal(buffer.take({ lines: 10, bytes: 10 }).length, 1)
})

test('LineBuffer takes and gives a million lines in no time', () => {
  const buffer = new LineBuffer({ lines: 100_000, bytes: 10 ** 9 })
  let taken = 0
  for (let n = 0; n < 1_000_000; n++) {
    buffer.push(line(String(n)))
    if (n % 1000 === 999) taken += buffer.take({ lines: 900, bytes: 10 ** 9 }).length
  }
  assert.equal(taken + buffer.length + buffer.takeDropped(), 1_000_000)
})

test('LineBuffer tells when there is a line', async () => {
  const buffer = new LineBuffer({ lines: 10, bytes: 1000 })
  const filled = buffer.filled()
  buffer.push(line('1'))
  await filled
  await buffer.filled()
})
