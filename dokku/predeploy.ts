import type { App } from './app.ts'
import type { By } from './by.ts'
import { when } from './context.ts'
import { createRun } from './one-off.ts'
import type { Release } from './release.ts'
import { tell } from './tell.ts'

/**
 * Runs a script in a container of a release and makes an image of what it leaves; no image where it fails. The config is
 * given to the script alone, so that none of it is in the image.
 */
export async function commitOf(
  app: App,
  release: Release,
  script: string,
  { output, signal }: By,
): Promise<{ status: number; image: string | undefined }> {
  const { engine } = app.instance
  const { Config: before } = await engine.getImage(release.image).inspect()
  const entrypoint = [before.Entrypoint ?? []].flat()
  const words = ['/bin/sh', '-c', 'read -r _']
  // Only what the image has can be put back: the engine takes the rest from the container.
  const replaced = entrypoint.length > 0
  const idle = { words: replaced ? words.slice(1) : words, env: {}, ttlSeconds: undefined }
  // It has no mark of this process of control, because its labels will be those of the image; it ends with its standard input.
  const { container, start, remove, env } = await createRun(app, release, idle, {
    ...(replaced ? { Entrypoint: words.slice(0, 1) } : {}),
    Env: [],
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
  })
  try {
    const held = await container.attach({ stream: true, stdin: true, hijack: true })
    await start()
    if (signal !== undefined) when(signal, () => void container.kill().catch(() => undefined))
    const exec = await container.exec({
      Cmd: [...entrypoint, '/bin/sh', '-c', script],
      Env: env,
      AttachStdout: true,
      AttachStderr: true,
    })
    await tell(await exec.start({ hijack: true, stdin: false }), output.detail)
    const { ExitCode: status } = await exec.inspect()
    signal?.throwIfAborted()
    if (status !== 0) return { status: status ?? 1, image: undefined }
    held.end()
    const { Id: image } = (await container.commit({ _query: { container: container.id }, _body: before })) as { Id: string }
    return { status: 0, image }
  } finally {
    await remove()
  }
}
