import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { compressed, decompressed } from './zstd.ts'

const bytes = async (from: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(from))
const pieces = Array.from({ length: 40 }, () => randomBytes(100_000))

test('what is compressed comes back', async () => {
  const small = await bytes(compressed(Readable.from(pieces)))
  assert.deepEqual(await bytes(decompressed(Readable.from([small])[Symbol.asyncIterator]())), Buffer.concat(pieces))
  assert.equal((await bytes(decompressed(compressed(Readable.from([]))[Symbol.asyncIterator]()))).length, 0)
})

test('whoever leaves off leaves the rest to be read, and what is wrong is thrown to whoever reads', async () => {
  const small = await bytes(compressed(Readable.from(pieces)))
  async function* inPieces() {
    for (let at = 0; at < small.length; at += 65_536) yield small.subarray(at, at + 65_536)
    throw new Error('no more')
  }
  const content = inPieces()
  for await (const _ of decompressed(content)) break
  await assert.rejects(Array.fromAsync(content), /no more/)
  await assert.rejects(bytes(decompressed(inPieces())), /no more/)
  await assert.rejects(bytes(decompressed(Readable.from([small.subarray(0, -1)])[Symbol.asyncIterator]())))
})
