import { UserError } from '#lib/errors.ts'
import { contextPaths, readInside } from '../buildkit/context.ts'
import type { BuildDriver, Source } from '../driver.ts'
import { buildDockerfile } from '../frontend.ts'

/** Builds a tree with a Dockerfile, through the BuildKit inside the engine. */
export const dockerfile: BuildDriver = {
  name: 'dockerfile',
  summary: 'a Dockerfile at the root of the tree',

  async detect(source) {
    return (await readInside(source.dir, pathOf(source))) !== undefined
  },

  async build(request, engine) {
    const { source, env = {} } = request
    const text = await readInside(source.dir, pathOf(source))
    if (text === undefined) throw new UserError('build-failed', `the tree has no ${pathOf(source)}`)
    const paths = await contextPaths(source.dir, pathOf(source))
    const imageId = await buildDockerfile(request, engine, { text, paths, secrets: env, target: source.choices?.target })
    return { imageId }
  },
}

function pathOf(source: Source): string {
  return source.choices?.dockerfile ?? 'Dockerfile'
}
