import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { linesOf } from './engine-lines.ts'

const time = '2026-11-23T10:00:00.000000001Z'

function frame(channel: number, text: string): Buffer {
  const payload = Buffer.from(`${time} ${text}`)
  const header = Buffer.from([channel, 0, 0, 0, 0, 0, 0, 0])
  header.writeUInt32BE(payload.length, 4)
  return Buffer.concat([header, payload])
}

async function* cut(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  let rest = bytes
  for (const one of [...cuts, rest.length]) {
    yield rest.subarray(0, one)
    rest = rest.subarray(one)
  }
}

test('linesOf gives every line of both outputs whole, however the stream was cut', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', ' ', 'ä', '😀', '{') })
  const given = fc.array(fc.tuple(fc.constantFrom(1, 2), text), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(given, fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 40 }), async (lines, cuts) => {
      const sent = Buffer.concat(lines.map(([channel, line]) => frame(channel, `${line}\n`)))
      const expected = lines.map(([channel, line]) => ({ time, stream: channel === 2 ? 'stderr' : 'stdout', text: line }))
      assert.deepEqual(await Array.fromAsync(linesOf(cut(sent, cuts))), expected)
    }),
  )
})

test('linesOf joins the pieces of a long line of one output, and gives one that nothing ends', async () => {
  const sent = Buffer.concat([frame(1, 'x'.repeat(16384)), frame(2, 'between\r\n'), frame(1, 'y\n'), frame(1, 'no end')])
  assert.deepEqual(
    (await Array.fromAsync(linesOf(cut(sent, [])))).map(({ text }) => text),
    ['between', `${'x'.repeat(16384)}y`, 'no end'],
  )
})
