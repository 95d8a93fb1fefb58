import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type FrameType,
  frame,
  frameReader,
  frames,
  headerReader,
  maxPayload,
  ProtocolError,
  parseHeader,
  renderHeader,
} from './protocol.ts'

const types = fc.constantFrom<FrameType>('H', '0', 'E', 'W', 'S', '1', '2', 'C', 'R', 'X')
const word = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', ''))
const key = fc.stringMatching(/^[A-Z_]+$/)

test('frames come out as they went in, wherever the bytes were cut', () => {
  const sent = fc.array(fc.tuple(types, fc.uint8Array({ maxLength: 300 })), { maxLength: 20 })
  fc.assert(
    fc.property(sent, fc.array(fc.nat({ max: 6000 })), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(([type, payload]) => frame(type, payload)))
      const read = frameReader()
      const edges = [0, ...cuts.filter((at) => at < bytes.length).sort((a, b) => a - b), bytes.length]
      const received = edges.slice(1).flatMap((end, index) => [...read(bytes.subarray(edges[index], end))])
      assert.deepEqual(
        received.map(({ type, payload }) => [type, [...payload]]),
        sent.map(([type, payload]) => [type, [...payload]]),
      )
    }),
  )
})

test('a frame is its type, four bytes of length and the payload', () => {
  assert.deepEqual([...frame('1', Buffer.from('ab'))], [0x31, 0, 0, 0, 2, 0x61, 0x62])
})

test('a frame longer than the longest is refused before it has come', () => {
  const read = frameReader()
  assert.throws(() => [...read(Buffer.from([0x31, 0, 1, 0, 1]))], ProtocolError)
  assert.throws(() => frame('1', Buffer.alloc(maxPayload + 1)), ProtocolError)
})

test('data of any length becomes frames that hold all of it', () => {
  const data = Buffer.alloc(maxPayload * 2 + 1, 'x')
  const parts = [...frames('0', data)].flatMap((bytes) => [...frameReader()(bytes)])
  assert.deepEqual(
    parts.map(({ payload }) => payload.length),
    [maxPayload, maxPayload, 1],
  )
})

test('a header says the same after it was written and read', () => {
  const header = fc.record(
    {
      mode: fc.constantFrom<'ssh' | 'argv' | 'hook'>('ssh', 'argv', 'hook'),
      args: fc.array(word),
      env: fc.dictionary(key, word, { noNullPrototype: true }),
      command: word,
      user: word,
      fingerprint: word,
      connection: word,
      gitProtocol: word,
      hook: word,
      cwd: word,
      terminal: fc.record({ term: word, rows: fc.nat({ max: 65535 }), columns: fc.nat({ max: 65535 }) }, { noNullPrototype: true }),
    },
    { requiredKeys: ['mode', 'args', 'env'], noNullPrototype: true },
  )
  fc.assert(
    fc.property(header, (header) => {
      assert.deepEqual(parseHeader(renderHeader(header)), header)
    }),
  )
})

test('a header longer than a frame goes on until a frame that is not full', () => {
  const bytes = renderHeader({ mode: 'argv', args: ['x'.repeat(3 * maxPayload - 15), ''], env: {} })
  for (const length of [bytes.length, 3 * maxPayload]) {
    const read = headerReader()
    const whole = Buffer.concat([bytes, Buffer.from(`${'arg='.padEnd(3 * maxPayload, 'y')}\0`)]).subarray(0, length)
    const parts = [...frames('H', whole), ...(length % maxPayload === 0 ? [frame('H')] : [])].flatMap((bytes) => [...frameReader()(bytes)])
    const answers = parts.map((part) => read(part))
    assert.equal(
      answers.findIndex((answer) => answer !== undefined),
      parts.length - 1,
    )
  }
})

test('a header without end is refused', () => {
  const read = headerReader()
  const full = { type: 'H', payload: Buffer.alloc(maxPayload, 'x') }
  assert.throws(() => {
    for (let count = 0; count < 100; count += 1) read(full)
  }, ProtocolError)
})

const refused: [string, Buffer | string][] = [
  ['without a mode', 'user=root\0'],
  ['of an unknown mode', 'mode=root\0'],
  ['with an entry that has no value', 'mode=ssh\0user\0'],
  ['with two users', 'mode=ssh\0user=alice\0user=root\0'],
  ['that is not UTF-8', Buffer.from([...Buffer.from('mode=ssh\0command='), 0xff, 0])],
  ['with a terminal of negative size', 'mode=ssh\0term=xterm\0rows=-1\0cols=80\0'],
  ['with a terminal that has no size', 'mode=ssh\0term=xterm\0'],
]
for (const [what, bytes] of refused)
  test(`a header ${what} is refused`, () => {
    assert.throws(() => parseHeader(Buffer.from(bytes)), ProtocolError)
  })

test('anything but a header at the start is refused', () => {
  assert.throws(() => headerReader()({ type: '0', payload: Buffer.alloc(0) }), ProtocolError)
})
