import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { demultiplexer, type Piece } from './demultiplex.ts'

function frame(channel: number, payload: Buffer): Buffer {
  const header = Buffer.from([channel, 0, 0, 0, 0, 0, 0, 0])
  header.writeUInt32BE(payload.length, 4)
  return Buffer.concat([header, payload])
}

test('demultiplexer gives every byte of each output in order, however the stream was cut', () => {
  const frames = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 40 })), { maxLength: 12 })
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 60 }), (given, cuts) => {
      let stream = Buffer.concat(given.map(([channel, bytes]) => frame(channel, Buffer.from(bytes))))
      const read = demultiplexer()
      const pieces: Piece[] = []
      for (const cut of [...cuts, stream.length]) {
        pieces.push(...read(stream.subarray(0, cut)))
        stream = stream.subarray(cut)
      }
      const of = (wanted: string) => Buffer.concat(pieces.filter(([channel]) => channel === wanted).map(([, bytes]) => bytes))
      const sent = (wanted: number) => Buffer.concat(given.filter(([channel]) => channel === wanted).map(([, bytes]) => bytes))
      assert.deepEqual([of('stdout'), of('stderr')], [sent(1), sent(2)])
    }),
  )
})
