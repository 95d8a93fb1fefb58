import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Docker } from '#lib/docker.ts'
import { messageOf, UserError } from '#lib/errors.ts'
import { contextTar, readInside } from '../context.ts'
import type { BuildDriver, BuildRequest } from '../driver.ts'
import { jsonLines, post } from '../engine.ts'
import { failure } from '../failure.ts'
import { parseDockerfile } from '../instructions.ts'
import { Progress } from '../progress.ts'
import { openSession, type Session } from '../session.ts'
import { decodeTrace } from '../trace.ts'
import { caSecret, trusting } from '../trust.ts'

/** Builds a tree with a `Dockerfile` at its root, through the BuildKit inside the engine. */
export const dockerfile: BuildDriver = {
  name: 'dockerfile',
  summary: 'a Dockerfile at the root of the tree',

  async detect(source) {
    return (await readInside(source.dir, 'Dockerfile')) !== undefined
  },

  async build(request, engine) {
    request.signal?.throwIfAborted()
    const written = await readInside(request.source.dir, 'Dockerfile')
    if (written === undefined) throw new UserError('build-failed', 'the tree has no Dockerfile')
    const trusted = request.ca === undefined ? undefined : trusting(written)
    const progress = new Progress(request.output)
    const explain = (message: string) =>
      failure({
        message,
        progress,
        syntax: parseDockerfile(written).directives.syntax,
        limits: request.limits,
        originalLine: trusted?.originalLine,
      })

    const context = await contextTar(request.source.dir, trusted?.text)
    const id = randomUUID()
    // Closing the request ends the build on most engines, asking for it on all.
    const cancel = () => {
      post(engine, '/build/cancel', { id }).then(
        (answer) => answer.resume(),
        () => {},
      )
    }
    request.signal?.addEventListener('abort', cancel, { once: true })
    let session: Session | undefined
    try {
      session = await openSession(engine, {
        ...(request.registries && { registries: request.registries }),
        ...(request.ca !== undefined && { secrets: { [caSecret]: request.ca } }),
      })
      return { imageId: await solve(engine, query(request, id, session.id), context, request.signal, progress, explain) }
    } catch (error) {
      if (request.signal?.aborted) throw new UserError('build-aborted', 'the build was stopped', { cause: error })
      throw error
    } finally {
      request.signal?.removeEventListener('abort', cancel)
      context.destroy()
      session?.close()
    }
  },
}

/** The query of the engine's `POST /build` (Engine API 1.41 and newer). */
function query(request: BuildRequest, id: string, session: string): Record<string, string> {
  return {
    version: '2',
    buildid: id,
    session,
    t: request.image,
    labels: JSON.stringify(request.labels),
    ...(request.buildArgs && { buildargs: JSON.stringify(request.buildArgs) }),
    ...(request.noCache && { nocache: '1' }),
    ...(request.limits?.cgroup !== undefined && { cgroupparent: request.limits.cgroup }),
  }
}

/** Sends the context, follows the build, and returns the image's id; the HTTP status is 200 for failed builds too. */
async function solve(
  engine: Docker,
  parameters: Record<string, string>,
  context: Readable,
  signal: AbortSignal | undefined,
  progress: Progress,
  explain: (message: string) => UserError,
): Promise<string> {
  try {
    const answer = await post(engine, '/build', parameters, { body: context, ...(signal && { signal }) })
    let imageId: string | undefined
    for await (const line of jsonLines(answer)) {
      const said = message(line)
      if (said.trace) progress.update(decodeTrace(said.trace))
      if (said.image !== undefined) imageId = said.image
      if (said.error !== undefined) throw explain(said.error)
    }
    if (imageId === undefined) throw explain('the engine ended the build without naming an image')
    return imageId
  } catch (error) {
    if (context.errored) throw context.errored
    if (error instanceof UserError || signal?.aborted) throw error
    throw new Error(`the engine broke off the build: ${messageOf(error)}`, { cause: error })
  }
}

/** One line of the engine's answer: a part of the trace, the image's id, or the end. */
function message(line: unknown): { trace?: Buffer; image?: string; error?: string } {
  if (typeof line !== 'object' || line === null) return {}
  if ('errorDetail' in line && typeof line.errorDetail === 'object' && line.errorDetail !== null && 'message' in line.errorDetail)
    return { error: String(line.errorDetail.message) }
  if ('error' in line) return { error: String(line.error) }
  if (!('id' in line) || !('aux' in line)) return {}
  if (line.id === 'moby.buildkit.trace') return { trace: Buffer.from(String(line.aux), 'base64') }
  const aux = line.aux
  if (line.id === 'moby.image.id' && typeof aux === 'object' && aux !== null && 'ID' in aux) return { image: String(aux.ID) }
  return {}
}
