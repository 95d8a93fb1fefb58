import { Readable } from 'node:stream'

/** The first two bytes of a gzip. */
export const gzipMagic = '\x1f\x8b'

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
