import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { Choices } from '#builder'
import { hasCode, UserError } from '#lib/errors.ts'
import type { App } from './app.ts'
import { computedProperty } from './computed-property.ts'
import { show } from './names.ts'

const list = z.array(z.string())
const map = z.record(z.string(), z.string())

/** What was set about how an app is built. A config var BUILDPACK_URL counts as a buildpack, as in Dokku. */
export function choicesOf(app: App): Choices {
  const url = app.config.all().BUILDPACK_URL
  const own = buildpacksOf(app)
  const buildpacks = own.length > 0 ? own : url ? [url] : []
  const texts = {
    selected: computedProperty(app, 'builder selected'),
    dockerfile: computedProperty(app, 'builder-dockerfile dockerfile-path'),
    target: computedProperty(app, 'builder-dockerfile target'),
    stack: computedProperty(app, 'buildpacks stack'),
    appJson: computedProperty(app, 'app-json appjson-path'),
  }
  return {
    ...Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== undefined)),
    ...(buildpacks.length > 0 && { buildpacks }),
    ...(computedProperty(app, 'builder network') === 'none' && { network: 'none' as const }),
    images: baseImagesOf(app),
  }
}

/** The buildpacks that were set for an app, in the order in which they run. */
export function buildpacksOf({ properties }: App): string[] {
  return list.parse(JSON.parse(properties.get('buildpacks list') ?? '[]'))
}

/** Makes these the only ones. */
export function storeBuildpacks({ properties }: App, buildpacks: readonly string[]): void {
  properties.set('buildpacks list', buildpacks.length === 0 ? '' : JSON.stringify(buildpacks))
}

/** The base images that were set for an app's runtime driver, by the runtime. */
export function baseImagesOf({ properties }: App): Record<string, string> {
  return map.parse(JSON.parse(properties.get('builder-runtime images') ?? '{}'))
}

/** Makes these the only ones. */
export function storeBaseImages({ properties }: App, images: Record<string, string>): void {
  properties.set('builder-runtime images', Object.keys(images).length === 0 ? '' : JSON.stringify(images))
}

/** The names of the config vars that the builds of an app may read. */
export function buildVarsOf({ properties }: App): string[] {
  return list.parse(JSON.parse(properties.get('config build') ?? '[]'))
}

/** Makes these the only ones. */
export function storeBuildVars({ properties }: App, names: readonly string[]): void {
  properties.set('config build', names.length === 0 ? '' : JSON.stringify([...new Set(names)].sort()))
}

/** The folder of a tree that is built, where one was set; UserError `no-build-dir` unless it is one of the tree's own. */
export async function buildDir(app: App, dir: string): Promise<string> {
  let path = dir
  for (const name of (computedProperty(app, 'builder build-dir') ?? '').split('/').filter(Boolean)) {
    path = join(path, name)
    if (await isFolder(path)) continue
    throw new UserError('no-build-dir', `the tree has no folder ${show(computedProperty(app, 'builder build-dir') ?? '')}`, {
      hint: `builder:set ${app.name} build-dir`,
    })
  }
  return path
}

/** A path in a tree as settings take it: relative, and without a way out; UserError `bad-path`. */
export function checkTreePath(path: string): void {
  const odd =
    path.startsWith('/') || path.length > 500 || /[\\\0\n]/.test(path) || path.split('/').some((name) => name === '..' || name === '.git')
  if (odd) throw new UserError('bad-path', `${show(path)} is not a path in the tree`, { hint: 'such as backend or docker/Dockerfile' })
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory()
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}
