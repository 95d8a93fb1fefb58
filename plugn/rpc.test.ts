import assert from 'node:assert/strict'
import { once } from 'node:events'
import { duplexPair } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import { longestLine, type Params, speak } from './rpc.ts'

/** An end that keeps what it is told, and the bare stream of the other. */
function ends(answer: (method: string) => Promise<unknown> = async (method) => method) {
  const [stream, other] = duplexPair()
  const told: [string, Params][] = []
  const peer = speak(stream, { request: answer, notified: (method, params) => void told.push([method, params]) })
  return { peer, other, told }
}

const notice = (method: string, params: object = {}) => `${JSON.stringify({ jsonrpc: '2.0', method, params })}\n`

/** Texts as a plugin might send that speaks the protocol badly, or another one. */
const line = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.json({ maxDepth: 4 }),
  fc.record(
    {
      jsonrpc: fc.constantFrom('2.0', '1.0', 2),
      id: fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.double()),
      method: fc.oneof(fc.constantFrom('stdout', 'read', '__proto__', 'constructor'), fc.integer()),
      params: fc.oneof(fc.object(), fc.array(fc.integer()), fc.constant(null)),
      result: fc.anything(),
      error: fc.oneof(fc.object(), fc.record({ code: fc.integer(), message: fc.string() })),
    },
    { requiredKeys: [] },
  ),
)
const asText = (one: unknown) =>
  typeof one === 'string' ? one : JSON.stringify(one, (_, value) => (typeof value === 'bigint' ? 0 : value))

test('whatever comes, an end goes on or is closed, and what it had asked is answered or fails', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 10 }), async (lines) => {
      const { peer, other } = ends()
      other.resume()
      const asked = peer.request('hello', {}).catch((error: unknown) => error)
      other.end(lines.map((one) => `${asText(one)}\n`).join(''))
      await Promise.all([peer.closed, asked])
    }),
    { numRuns: 300 },
  )
})

test('messages are the same wherever the stream is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.object({ maxDepth: 1 }), { maxLength: 5 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
      async (all, sizes) => {
        const sent = all.map((params) => JSON.parse(JSON.stringify(params, (_, value) => (typeof value === 'bigint' ? 0 : value))))
        const bytes = Buffer.from(sent.map((params) => notice('ü☃', params)).join('\r\n'))
        const { peer, other, told } = ends()
        for (let at = 0; at < bytes.length; ) {
          const size = sizes.next().value ?? 1
          other.write(bytes.subarray(at, at + size))
          at += size
        }
        other.end()
        await peer.closed
        assert.deepEqual(
          told,
          sent.map((params) => ['ü☃', params]),
        )
      },
    ),
    { numRuns: 100 },
  )
})

test('a line that never ends, or is too long, ends the connection', async () => {
  for (const text of ['x'.repeat(longestLine + 1), notice('x', { text: 'x'.repeat(longestLine) })]) {
    const { peer, other } = ends()
    other.write(text)
    assert.match(String(await peer.closed), /a line of more than/)
  }
})

test('who asks and asks, and takes no answer, is left', async () => {
  const { peer, other } = ends()
  const question = (id: number) => `${JSON.stringify({ jsonrpc: '2.0', id, method: 'x'.repeat(1000) })}\n`
  for (let id = 1; id <= 5000; id += 1) if (!other.write(question(id))) await Promise.race([once(other, 'drain'), peer.closed])
  assert.match(String(await peer.closed), /more than 1000 requests at once/)
})

test('an answer that is no JSON is an error for who asked, and nobody falls over it', async () => {
  const circle: Record<string, unknown> = {}
  circle.self = circle
  for (const answer of [circle, 1n]) {
    const [here, there] = duplexPair()
    speak(there, { request: async () => answer, notified: () => undefined })
    await assert.rejects(speak(here, { request: async () => null, notified: () => undefined }).request('x', {}), { code: -32603 })
  }
})
