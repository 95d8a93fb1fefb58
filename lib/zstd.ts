import { once } from 'node:events'
import { Readable } from 'node:stream'
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib'
import { chained } from './chained.ts'

/** Bytes that go through JavaScript at once: with the usual 16 kB, that is what takes the time. */
const chunkSize = 512 * 1024

export function compressed(content: AsyncIterable<Uint8Array>): Readable {
  return chained(Readable.from(content), createZstdCompress({ chunkSize, params: { [constants.ZSTD_c_checksumFlag]: 1 } }))
}

/** What was compressed; whoever leaves off leaves the rest of `content` to be read by others. Throws for what is no zstd, or is cut off. */
export async function* decompressed(content: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const through = createZstdDecompress({ chunkSize })
  let failed: unknown
  const closed = new Promise((resolve) => through.once('close', resolve))
  const feed = async () => {
    for (;;) {
      const next = await content.next()
      if (through.destroyed) return
      if (next.done) return void through.end()
      if (!through.write(next.value)) await Promise.race([once(through, 'drain'), closed])
      if (through.destroyed) return
    }
  }
  const fed = feed().catch((error: unknown) => {
    failed = error
    through.destroy()
  })
  try {
    for await (const chunk of through) yield chunk
  } catch (error) {
    throw failed ?? error
  } finally {
    through.destroy()
    await fed
  }
  if (failed !== undefined) throw failed
}
