import { unpackTar } from 'modern-tar'
import { type Docker, hasStatus } from '#lib/docker.ts'

/** The text of a file of an image, of which nothing is run; undefined when there is none. */
export async function imageFile(engine: Docker, image: string, path: string): Promise<string | undefined> {
  const container = await engine.createContainer({ Image: image, Cmd: ['none'], Labels: { dokku: '' } })
  try {
    const chunks: Buffer[] = []
    for await (const chunk of await container.getArchive({ path })) chunks.push(Buffer.from(chunk))
    const [entry] = await unpackTar(Buffer.concat(chunks))
    return entry?.data === undefined ? undefined : Buffer.from(entry.data).toString('utf8')
  } catch (error) {
    if (hasStatus(error, 404)) return undefined
    throw error
  } finally {
    await container.remove({ force: true })
  }
}
