import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { Readable as Stream } from 'node:stream'
import { createTarPacker } from 'modern-tar'
import * as z from 'zod'
import { messageOf, UserError } from '#lib/errors.ts'
import { compressed, decompressed } from '#lib/zstd.ts'
import { readTar } from '../read-tar.ts'

/** How many bytes of a part are in one entry: what comes is held for that long, because an entry begins with its size. */
const chunkBytes = 4 * 1024 ** 2

/** Something in an archive, by its name, such as `volumes/uploads`. */
export interface Part {
  readonly name: string
  readonly content: AsyncIterable<Uint8Array>
  /** Its content is zstd already; where one is read, it never is. */
  readonly packed?: boolean
}

/** Of the bytes of a part as they are stored, compressed: how many, and their SHA-256 in hex. */
export interface Digest {
  bytes: number
  sha256: string
}

const digestSchema = z.strictObject({ bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) })
const endSchema = z.strictObject({ parts: z.record(z.string(), digestSchema) })

/** A tar that is being made. */
export interface Packed {
  tar: Readable
  /** Nothing of the parts is read any more. */
  ended: Promise<void>
}

/** The last entry: without it, the archive was cut off. */
const endName = 'end.json'

const entryName = (part: string, number: number) => `${part}/${String(number).padStart(7, '0')}.zst`

/**
 * A tar of parts, each compressed, cut into entries `NAME/0000000.zst`, … of at most 4 MiB and ended by `NAME/digest.json`, so that it
 * can be made and read without knowing how long a part will be. `cat NAME/*.zst | zstd -d` puts one together by hand.
 */
export function packParts(parts: AsyncIterable<Part>, heard: (name: string, digest: Digest) => void = () => undefined): Packed {
  const { readable, controller } = createTarPacker()
  const left = Promise.withResolvers<never>()
  left.promise.catch(() => undefined)
  const add = async (name: string, body: Uint8Array) => {
    const writer = controller.add({ name, size: body.length, mode: 0o600 }).getWriter()
    await Promise.race([writer.write(body).then(() => writer.close()), left.promise])
  }
  const json = (name: string, value: unknown) => add(name, Buffer.from(`${JSON.stringify(value)}\n`))
  const packed = Stream.fromWeb(readable as Parameters<typeof Stream.fromWeb>[0])
  const run = async () => {
    const all: Record<string, Digest> = {}
    for await (const { name, content, packed } of parts) {
      checkPartName(name)
      const hash = createHash('sha256')
      let [bytes, number] = [0, 0]
      for await (const chunk of chunked(packed ? content : compressed(content))) {
        hash.update(chunk)
        bytes += chunk.length
        await add(entryName(name, number++), chunk)
      }
      const digest = { bytes, sha256: hash.digest('hex') }
      await json(`${name}/digest.json`, digest)
      all[name] = digest
      heard(name, digest)
    }
    await json(endName, { parts: all })
    controller.finalize()
  }
  packed.once('close', () => left.reject(new Error('nobody takes the backup any more')))
  const ended = run().catch((error: unknown) => void packed.destroy(error as Error))
  return { tar: packed, ended }
}

/**
 * The parts of such a tar, one after the other; what is not read of one is read over. Its content throws UserError
 * `broken-archive` where it is not what was written, and so does the end where something is missing.
 */
export async function* readParts(tar: Readable): AsyncGenerator<Part> {
  const entries = readTar(tar)[Symbol.asyncIterator]()
  const found: Record<string, Digest> = {}
  try {
    for (;;) {
      const next = await entries.next()
      if (next.done) throw broken('it was cut off')
      const { header, body } = next.value
      if (header.name === endName) {
        const { parts } = endSchema.parse(JSON.parse(await text(body)))
        if (JSON.stringify(parts) !== JSON.stringify(found)) throw broken('its parts are not those that it names at its end')
        return
      }
      const [, name = ''] = /^(.+)\/0000000\.zst$/.exec(header.name) ?? /^(.+)\/digest\.json$/.exec(header.name) ?? []
      checkPartName(name)
      if (Object.hasOwn(found, name)) throw broken(`${name} is in it twice`)
      const content = contentOf(name, next.value, entries, (digest) => {
        found[name] = digest
      })
      // Whoever leaves off reading does not end it: the next part comes after its end.
      yield { name, content: unpacked(content) }
      for await (const _ of content) {
        // What nobody wanted.
      }
    }
  } catch (error) {
    throw error instanceof UserError ? error : broken(messageOf(error), error)
  }
}

type Entries = AsyncIterator<{ header: { name: string; size: number; type?: string }; body: ReadableStream<Uint8Array> }>
type Entry = { header: { name: string; size: number; type?: string }; body: ReadableStream<Uint8Array> }

async function* unpacked(stored: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* decompressed(stored)
  } catch (error) {
    throw error instanceof UserError ? error : broken(messageOf(error), error)
  }
}

/** The stored bytes of a part, to its digest. */
async function* contentOf(name: string, first: Entry, entries: Entries, done: (digest: Digest) => void): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let bytes = 0
  let entry: Entry = first
  for (let number = 0; ; number++) {
    const { header, body } = entry
    if (header.name === `${name}/digest.json`) {
      const digest = digestSchema.parse(JSON.parse(await text(body)))
      if (digest.bytes !== bytes || digest.sha256 !== hash.digest('hex')) throw broken(`${name} is not what was written`)
      return done(digest)
    }
    if (header.name !== entryName(name, number) || header.size > chunkBytes || (header.type ?? 'file') !== 'file')
      throw broken(`${JSON.stringify(header.name.slice(0, 100))} is not the next of ${name}`)
    for await (const chunk of body) {
      hash.update(chunk)
      bytes += chunk.length
      yield chunk
    }
    const next = await entries.next()
    if (next.done) throw broken('it was cut off')
    entry = next.value
  }
}

/** Bytes in pieces of one size, but the last. */
async function* chunked(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = []
  let length = 0
  for await (const piece of content) {
    let rest = piece
    while (length + rest.length >= chunkBytes) {
      const taken = rest.subarray(0, chunkBytes - length)
      yield Buffer.concat([...held, taken])
      rest = rest.subarray(taken.length)
      held = []
      length = 0
    }
    if (rest.length > 0) held.push(rest)
    length += rest.length
  }
  if (length > 0) yield Buffer.concat(held)
}

/** Names become paths of files and names of volumes: no part is called by what could lead elsewhere. */
function checkPartName(name: string): void {
  if (/^[a-z]+(\/[a-zA-Z0-9][a-zA-Z0-9._-]{0,200}){0,2}$/.test(name)) return
  throw broken(`${JSON.stringify(name.slice(0, 100))} is no part of a backup`)
}

async function text(body: ReadableStream<Uint8Array>): Promise<string> {
  return await new Response(body as never).text()
}

/** UserError `broken-archive`. */
export function broken(reason: string, cause?: unknown): UserError {
  return new UserError('broken-archive', `the backup cannot be used: ${reason}`, { cause })
}
