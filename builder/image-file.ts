import type { Container } from 'dockerode'
import { unpackTar } from 'modern-tar'
import { type Docker, hasStatus } from '#lib/docker.ts'
import { tooLarge } from './buildkit/context.ts'

/** A file of an image is read up to so many bytes: builds may leave anything there. */
const mostBytes = 2 ** 20

/** The text of a file of an image, of which nothing is run; undefined when there is none. UserError `file-too-large`. */
export async function imageFile(engine: Docker, image: string, path: string): Promise<string | undefined> {
  return (await imageFiles(engine, image, [path]))[0]
}

/** The same of several files. */
export async function imageFiles(engine: Docker, image: string, paths: readonly string[]): Promise<(string | undefined)[]> {
  const container = await engine.createContainer({ Image: image, Cmd: ['none'], Labels: { dokku: '' } })
  try {
    return await Promise.all(paths.map((path) => read(container, path)))
  } finally {
    await container.remove({ force: true })
  }
}

async function read(container: Container, path: string): Promise<string | undefined> {
  try {
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of await container.getArchive({ path })) {
      length += chunk.length
      // The tar around it has a few blocks of its own.
      if (length > mostBytes + 10_240) throw tooLarge(path, mostBytes)
      chunks.push(Buffer.from(chunk))
    }
    const [entry] = await unpackTar(Buffer.concat(chunks))
    return entry?.data === undefined ? undefined : Buffer.from(entry.data).toString('utf8')
  } catch (error) {
    if (hasStatus(error, 404)) return undefined
    throw error
  }
}
