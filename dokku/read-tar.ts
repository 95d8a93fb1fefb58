import { Readable, type Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createTarDecoder, type ParsedTarEntry } from 'modern-tar'

/** The first two bytes of a gzip. */
export const gzipMagic = '\x1f\x8b'

/** The entries of a tar as they come; each body is to be read or cancelled before the next one. */
export async function* readTar(archive: Readable, ...through: Transform[]): AsyncGenerator<ParsedTarEntry> {
  const decoder = createTarDecoder({ strict: true })
  const fed = pipeline([archive, ...through, Writable.fromWeb(decoder.writable)])
  // Whoever reads the entries sees its failure there.
  fed.catch(() => undefined)
  yield* decoder.readable
  await fed
}

/** The first two bytes of a stream, as characters, and a stream that begins with them. */
export async function peek(stream: Readable): Promise<{ magic: string; whole: Readable }> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let first: Buffer = Buffer.alloc(0)
  while (first.length < 2) {
    const next = await chunks.next()
    if (next.done) break
    first = Buffer.concat([first, next.value])
  }
  const all = async function* () {
    yield first
    yield* { [Symbol.asyncIterator]: () => chunks }
  }
  return { magic: first.toString('latin1', 0, 2), whole: Readable.from(all()) }
}
