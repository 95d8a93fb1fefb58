import { type Docker, hasStatus } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import type { BuildDriver, BuildRequest, Source } from '../driver.ts'
import { buildDockerfile } from '../frontend.ts'
import { localId } from './image.ts'

/** How plugins take part in building. */
export interface BuilderHooks {
  /** The builder that a plugin names for a source: one of its own, or one of ours; undefined when none names any. */
  detect(source: Source): Promise<string | undefined>
  /** Has plugins build the request's image: whoever knows the builder makes an image of that name. */
  build(builder: string, request: BuildRequest): Promise<void>
}

/** The driver of a builder that is a plugin's. */
export function pluginDriver(name: string, hooks: BuilderHooks): BuildDriver {
  return {
    name,
    summary: `what a plugin builds as ${name}`,
    detect: async (source) => (await hooks.detect(source)) === name,

    async build(request, engine) {
      const { image, signal } = request
      if (signal?.aborted) throw stopped()
      // A leftover of that name would pass for what was built.
      await untag(engine, image)
      try {
        await hooks.build(name, request)
      } catch (error) {
        throw signal?.aborted ? stopped(error) : error
      }
      if ((await localId(engine, image)) === undefined)
        throw new UserError('no-such-builder', `nobody built ${image} as ${name}`, {
          hint: `the hook builder-build of a plugin gets ${name} as its first argument and makes that image`,
        })
      // The same image, with the labels that were asked for.
      return { imageId: await buildDockerfile({ ...request, buildArgs: {} }, engine, { text: `FROM ${image}\n`, paths: [] }) }
    },
  }
}

function stopped(cause?: unknown): UserError {
  return new UserError('build-aborted', 'the build was stopped', { cause })
}

async function untag(engine: Docker, image: string): Promise<void> {
  try {
    await engine.getImage(image).remove({ force: true, noprune: true })
  } catch (error) {
    if (!hasStatus(error, 404)) throw error
  }
}
