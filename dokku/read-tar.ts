import { type Readable, type Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createTarDecoder, type ParsedTarEntry } from 'modern-tar'

/** The entries of a tar as they come; each body is to be read or cancelled before the next one. */
export async function* readTar(archive: Readable, ...through: Transform[]): AsyncGenerator<ParsedTarEntry> {
  const decoder = createTarDecoder({ strict: true })
  const fed = pipeline([archive, ...through, Writable.fromWeb(decoder.writable)])
  // Whoever reads the entries sees its failure there.
  fed.catch(() => undefined)
  yield* decoder.readable
  await fed
}
