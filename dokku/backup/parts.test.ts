import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { type Part, packParts, readParts } from './parts.ts'

type Given = readonly (readonly [name: string, pieces: readonly Uint8Array[]])[]

async function* of(given: Given) {
  for (const [name, pieces] of given) yield { name, content: Readable.from(pieces) }
}

async function read(bytes: Buffer): Promise<[string, Buffer][]> {
  const all: [string, Buffer][] = []
  for await (const { name, content } of readParts(Readable.from([bytes]))) all.push([name, Buffer.concat(await Array.fromAsync(content))])
  return all
}

const archive = async (parts: AsyncIterable<Part>) => await buffer(packParts(parts).tar)

const whole = (given: Given) => given.map(([name, pieces]) => [name, Buffer.concat(pieces)])

test('parts come back as they were, however they came in', async () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 })
  const names = fc.uniqueArray(fc.constantFrom('database', 'volumes/a', 'volumes/b.c', 'repositories/12'), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(names, fc.array(pieces, { minLength: 4, maxLength: 4 }), async (some, contents) => {
      const given = some.map((name, at) => [name, contents[at] ?? []] as const)
      assert.deepEqual(await read(await archive(of(given))), whole(given))
    }),
  )
})

test('a part of many megabytes is cut into entries, and what nobody reads is read over', async () => {
  const big = Array.from({ length: 10 }, () => randomBytes(1_234_567))
  const bytes = await archive(
    of([
      ['volumes/big', big],
      ['database', [Buffer.from('x')]],
    ]),
  )
  const names: string[] = []
  for await (const { name, content } of readParts(Readable.from([bytes]))) {
    names.push(name)
    for await (const _ of content) if (name === 'volumes/big') break
  }
  assert.deepEqual(names, ['volumes/big', 'database'])
  assert.deepEqual(await read(bytes), [
    ['volumes/big', Buffer.concat(big)],
    ['database', Buffer.from('x')],
  ])
})

test('an archive that was cut off anywhere is refused', async () => {
  const bytes = await archive(
    of([
      ['database', [randomBytes(2000)]],
      ['volumes/a', [randomBytes(700)]],
    ]),
  )
  // The tar itself ends with two empty blocks, which say nothing.
  for (let length = 0; length < bytes.length - 1024 - 512; length += 97)
    await assert.rejects(read(bytes.subarray(0, length)), { code: 'broken-archive' }, `${length} of ${bytes.length}`)
})

test('an archive of which a byte was changed is refused, or says the same', async () => {
  const given: Given = [
    ['database', [Buffer.from('the state of things')]],
    ['volumes/a', [Buffer.from('what an app wrote')]],
  ]
  const bytes = await archive(of(given))
  for (let at = 0; at < bytes.length; at += 3) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 0x20
    const seen = await read(changed).catch((error: { code?: string }) => assert.equal(error.code, 'broken-archive'))
    if (seen !== undefined) assert.deepEqual(seen, whole(given))
  }
})

test('what is no archive of ours is refused', async () => {
  for (const foreign of ['', 'x', 'PK\x03\x04 a zip', '\x1f\x8b a gzip', 'y'.repeat(5000)])
    await assert.rejects(read(Buffer.from(foreign)), { code: 'broken-archive' }, foreign)
})

test('parts are compressed, unless they are already; what says so and is not is refused', async () => {
  const text = Buffer.from('what is in it '.repeat(100_000))
  const bytes = await archive(of([['database', [text]]]))
  assert.ok(bytes.length < text.length / 50)
  async function* packed(content: Uint8Array) {
    yield { name: 'volumes/a', content: Readable.from([content]), packed: true }
  }
  assert.deepEqual(await read(await archive(packed(zstdCompressSync(text)))), [['volumes/a', text]])
  for (const wrong of [text, zstdCompressSync(text).subarray(0, -9)])
    await assert.rejects(read(await archive(packed(wrong))), { code: 'broken-archive' })
})

test('no part is called by what could lead elsewhere', async () => {
  for (const name of ['../x', '/etc', 'volumes/../../x', 'volumes/.hidden', 'a/b/c/d', '', 'volumes/a b', 'Database'])
    await assert.rejects(archive(of([[name, []]])), { code: 'broken-archive' }, name)
})
