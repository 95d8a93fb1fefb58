import type { Docker } from '#lib/docker.ts'
import type { Output } from '#lib/output.ts'
import { localId, parseReference } from '../drivers/image.ts'
import { type TransferOptions, transfer } from './transfer.ts'

/** Pushes an image of the engine's, by its id, as `host/repository:tag`; that name is not left on the engine where it was not before. Errors as of `transfer`. */
export async function pushImage(
  engine: Docker,
  { image, name }: { image: string; name: string },
  output: Output,
  options: TransferOptions = {},
): Promise<void> {
  const { host } = parseReference(name)
  const at = name.lastIndexOf(':')
  const [repo, tag] = [name.slice(0, at), name.slice(at + 1)]
  const had = (await localId(engine, name)) !== undefined
  await engine.getImage(image).tag({ repo, tag })
  try {
    await transfer(engine, { action: 'push', host, name, path: `/images/${repo}/push`, query: { tag } }, output, options)
  } finally {
    if (!had) await engine.getImage(name).remove({ noprune: true })
  }
}
