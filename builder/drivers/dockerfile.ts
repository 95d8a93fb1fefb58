import { UserError } from '#lib/errors.ts'
import { contextPaths, readInside } from '../context.ts'
import type { BuildDriver, BuildRequest } from '../driver.ts'
import { failure } from '../failure.ts'
import { CallError } from '../grpc.ts'
import { parseDockerfile } from '../instructions.ts'
import { Progress } from '../progress.ts'
import { openSession } from '../session.ts'
import { solve } from '../solve.ts'
import { caSecret, trusting } from '../trust.ts'

/** Builds a tree with a `Dockerfile` at its root, through the BuildKit inside the engine. */
export const dockerfile: BuildDriver = {
  name: 'dockerfile',
  summary: 'a Dockerfile at the root of the tree',

  async detect(source) {
    return (await readInside(source.dir, 'Dockerfile')) !== undefined
  },

  async build(request, engine) {
    const { source, ca, signal } = request
    const written = await readInside(source.dir, 'Dockerfile')
    if (written === undefined) throw new UserError('build-failed', 'the tree has no Dockerfile')
    const trusted = ca === undefined ? undefined : trusting(written)
    const paths = await contextPaths(source.dir)
    const progress = new Progress(request.output)
    const session = await openSession(engine, {
      ...(request.registries && { registries: request.registries }),
      ...(ca !== undefined && { secrets: { [caSecret]: ca } }),
      trees: {
        context: { dir: source.dir, paths },
        // On its own, so that `COPY . .` sees the author's text, or none where .dockerignore names it.
        dockerfile: { dir: source.dir, paths: ['Dockerfile'], replaced: { Dockerfile: trusted?.text ?? written } },
      },
    })
    try {
      const imageId = await solve(engine, { session: session.id, image: request.image, attributes: attributes(request), signal }, (trace) =>
        progress.update(trace),
      )
      return { imageId }
    } catch (error) {
      if (signal?.aborted) throw new UserError('build-aborted', 'the build was stopped', { cause: error })
      if (!(error instanceof CallError)) throw error
      const { syntax } = parseDockerfile(written).directives
      throw failure({ message: error.message, progress, syntax, limits: request.limits, originalLine: trusted?.originalLine })
    } finally {
      session.close()
    }
  },
}

/** The attributes of BuildKit's Dockerfile frontend. */
function attributes(request: BuildRequest): Record<string, string> {
  const named = (prefix: string, map: Record<string, string> = {}) =>
    Object.fromEntries(Object.entries(map).map(([name, value]) => [`${prefix}:${name}`, value]))
  return {
    filename: 'Dockerfile',
    'image-resolve-mode': 'default', // The engine's own image if it has one, else the registry's.
    ...named('label', request.labels),
    ...named('build-arg', request.buildArgs),
    ...(request.noCache && { 'no-cache': '' }),
    ...(request.limits?.cgroup !== undefined && { 'cgroup-parent': request.limits.cgroup }),
  }
}
