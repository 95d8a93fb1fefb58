import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { frame, messages } from './grpc.ts'

describe('builder grpc', () => {
  test('finds the messages of a stream however it is cut', async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 20 })), cuts, async (sent, lengths) => {
        const bytes = Buffer.concat(sent.map(frame))
        async function* pieces() {
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const length = lengths[turn % lengths.length] ?? 1
            yield bytes.subarray(at, at + length)
            at += length
          }
        }
        const found: number[][] = []
        for await (const message of messages(pieces())) found.push([...message])
        assert.deepEqual(
          found,
          sent.map((message) => [...message]),
        )
      }),
    )
  })

  test('refuses a message that claims to be huge', async () => {
    async function* pieces() {
      yield Buffer.from([0, 255, 255, 255, 255])
    }
    await assert.rejects(messages(pieces()).next(), /too long/)
  })
})
