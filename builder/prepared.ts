import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Docker } from '#lib/docker.ts'
import { contextPaths } from './buildkit/context.ts'
import type { BuildRequest } from './driver.ts'
import { localId } from './drivers/image.ts'
import { buildDockerfile } from './frontend.ts'

/** What an image of our own is made of. */
export interface Preparation {
  /** The last part of its name, such as `stack-24-build`. */
  name: string
  /** Its Dockerfile. Names of images in it should be such as do not change their meaning. */
  text: string
  /** The folder whose files the Dockerfile may copy; none of them unless told. */
  dir?: string
  target?: string
  /** Values for the Dockerfile's ARGs. They do not count for whether it is the same: another base, say, of which the same is made. */
  args?: Record<string, string>
}

/** How long a preparation that is no longer asked for stays, in seconds: another program of ours may be older than this one. */
const keptSeconds = 7 * 24 * 3600

/** The name of an image that is the same for every build, such as a stack: made when it is first needed, and again when what it is made of changes. */
export async function preparedImage(engine: Docker, wanted: Preparation, request: BuildRequest): Promise<string> {
  const { dir, text, target } = wanted
  const files = dir === undefined ? [] : await filesOf(dir)
  const hash = createHash('sha256')
    .update(JSON.stringify([text, target, files]))
    .digest('hex')
    .slice(0, 16)
  const repository = `dokku-builder/${wanted.name}`
  const image = `${repository}:${hash}`
  if ((await localId(engine, image)) !== undefined) return image
  request.output.detail(`Preparing ${repository}, once`)
  const { noCache: _, env: __, ...rest } = request
  const recipe = { text, target, paths: files.map(([path]) => path), ...(dir !== undefined && { dir }) }
  await buildDockerfile({ ...rest, image, buildArgs: wanted.args ?? {}, labels: { 'dokku.builder': wanted.name } }, engine, recipe)
  await removeFormer(engine, repository, image)
  return image
}

async function filesOf(dir: string): Promise<[path: string, digest: string][]> {
  const paths = await contextPaths(dir)
  return await Promise.all(
    paths.map(async (path) => {
      const content = await readFile(join(dir, path)).catch(() => '') // A folder.
      return [path, createHash('sha256').update(content).digest('hex')]
    }),
  )
}

async function removeFormer(engine: Docker, repository: string, image: string): Promise<void> {
  const before = Date.now() / 1000 - keptSeconds
  for (const { RepoTags: tags, Created: created } of await engine.listImages({ filters: { reference: [repository] } }))
    for (const tag of tags ?? [])
      if (tag !== image && created < before)
        await engine
          .getImage(tag)
          .remove()
          .catch(() => {}) // Another build may have removed it, or uses it now.
}
