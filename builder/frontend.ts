import type { Docker } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import { byPath, contextPaths } from './buildkit/context.ts'
import { CallError } from './buildkit/grpc.ts'
import { parseDockerfile } from './buildkit/instructions.ts'
import { Progress } from './buildkit/progress.ts'
import { openSession } from './buildkit/session.ts'
import { solve } from './buildkit/solve.ts'
import { caSecret, trusting } from './buildkit/trust.ts'
import type { BuildRequest } from './driver.ts'
import { failure } from './failure.ts'

/** A Dockerfile and what it may copy. */
export interface Recipe {
  /** The text of the Dockerfile. */
  text: string
  /** The tree; the source's own unless told. */
  dir?: string
  /** Its paths, parents before children; all but what `.dockerignore` leaves out unless told. */
  paths?: readonly string[]
  /** Files at the root of the context that the tree does not have, or has otherwise: text by name. */
  added?: Record<string, string>
  /** By the id under which a RUN mounts them. */
  secrets?: Record<string, string>
  /** The stage that becomes the image; the last one unless told. */
  target?: string | undefined
}

/** Builds a Dockerfile through the BuildKit inside the engine; answers the image's id. What it says goes to the request's output. */
export async function buildDockerfile(request: BuildRequest, engine: Docker, recipe: Recipe): Promise<string> {
  const { source, ca, signal } = request
  const { text, dir = source.dir, added = {} } = recipe
  const trusted = ca === undefined ? undefined : trusting(text)
  const paths = recipe.paths ?? (await contextPaths(dir))
  const progress = new Progress(request.output)
  const session = await openSession(engine, {
    ...(request.registries && { registries: request.registries }),
    secrets: { ...recipe.secrets, ...(ca !== undefined && { [caSecret]: ca }) },
    trees: {
      context: { dir, paths: [...new Set([...paths, ...Object.keys(added)])].sort(byPath), replaced: added },
      // On its own, so that `COPY . .` sees the author's text, or none where .dockerignore names it.
      dockerfile: { dir, paths: ['Dockerfile'], replaced: { Dockerfile: trusted?.text ?? text } },
    },
  })
  try {
    const wanted = { session: session.id, image: request.image, attributes: attributes(request, recipe.target), signal }
    return await solve(engine, wanted, (trace) => progress.update(trace))
  } catch (error) {
    if (signal?.aborted) throw new UserError('build-aborted', 'the build was stopped', { cause: error })
    if (!(error instanceof CallError)) throw error
    const { syntax } = parseDockerfile(text).directives
    throw failure({
      message: error.message,
      progress,
      syntax,
      limits: request.limits,
      advice: request.advice,
      originalLine: trusted?.originalLine,
    })
  } finally {
    session.close()
  }
}

/** The attributes of BuildKit's Dockerfile frontend. */
function attributes(request: BuildRequest, target: string | undefined): Record<string, string> {
  const named = (prefix: string, map: Record<string, string> = {}) =>
    Object.fromEntries(Object.entries(map).map(([name, value]) => [`${prefix}:${name}`, value]))
  return {
    filename: 'Dockerfile',
    'image-resolve-mode': 'default', // The engine's own image if it has one, else the registry's.
    ...named('label', request.labels),
    ...named('build-arg', request.buildArgs),
    ...(target !== undefined && { target }),
    ...(request.source.choices?.network === 'none' && { 'force-network-mode': 'none' }),
    ...(request.noCache && { 'no-cache': '' }),
    ...(request.limits?.cgroup !== undefined && { 'cgroup-parent': request.limits.cgroup }),
  }
}
