import * as z from 'zod'
import { hasStatus } from '#lib/docker.ts'
import { type App, allApps } from './app.ts'
import type { Built } from './built.ts'
import { label } from './container.ts'
import { type Instance, imageName } from './instance.ts'
import type { Manifest } from './manifest.ts'
import { pledge, pledged, redeem } from './pledges.ts'
import { listReleases, nextVersion, type Release } from './release.ts'
import { imagesOf, servicesSchema } from './services.ts'

const row = z.object({ name: z.string(), version: z.number(), image: z.string(), services: z.string().nullable() })
const former = 'images of a former app:'

/** Tags by name, each with the id of the image it should name, or names. */
export type Tags = ReadonlyMap<string, string>

/** The tags to set and those to take away, so that what is becomes what should be. */
export function tagChanges(wanted: Tags, actual: Tags): { add: [tag: string, image: string][]; remove: string[] } {
  return {
    add: [...wanted].filter(([tag, image]) => actual.get(tag) !== image),
    remove: [...actual.keys()].filter((tag) => !wanted.has(tag)),
  }
}

/** In the transaction that destroys or renames an app: its images' tags go, even if control dies before `syncImages`. */
export function forsakeImages(instance: Instance, app: string): void {
  pledge(instance.db, former, app)
}

/** The name of an image that is loaded for an app by this process of control. */
export function loadingTag({ instance, name }: App, mark: string): string {
  return `${imageName(instance.settings.name, name)}:loading-${instance.session}-${mark}`
}

/**
 * Makes the tags of all apps exactly those of their releases, and removes images of ours that have no tag: a tag is what
 * keeps an image. An app that something changes now is left to that change; tags that are not ours are never touched.
 */
export async function syncImages(instance: Instance): Promise<void> {
  await instance.inOrder('images', () => sync(instance))
}

/** Renames an app by `rename`, and its images' tags with it: the new ones are there before the old ones may go. */
export async function moveImages(app: App, rename: () => void): Promise<void> {
  const { instance } = app
  await instance.inOrder('images', async () => {
    rename()
    await makeTags(instance, new Set([app.name]), await actualTags(instance, app.name))
  })
  await syncImages(app.instance)
}

async function sync(instance: Instance): Promise<void> {
  const dangling = await listImages(instance, { dangling: ['true'], label: [`${label.instance}=${instance.settings.name}`] })
  const tags = await actualTags(instance, '*')
  const forsaken = pledged(instance.db, former).map(({ key }) => key)
  const apps = allApps(instance)
  const ours = new Set([...apps.map(({ name }) => name), ...forsaken])
  for (const app of apps) if (instance.inOrder.busy(app.id)) ours.delete(app.name)
  const kept = await makeTags(instance, ours, tags)
  const needed = new Set(wantedTags(instance).values())
  for (const name of await loadedBefore(instance)) await remove(instance, name)
  for (const { Id: id } of dangling) if (!needed.has(id)) await remove(instance, id)
  for (const name of forsaken) if (ours.has(name) && !kept.has(name)) redeem(instance.db, former, name)
}

/** What tags of a release depend on. */
type Tagged = Pick<Release, 'version' | 'image' | 'manifest'>

/** The tags of a release: `v3` of its image, `v3.PROCESS` of the image of a service. */
export function tagsOf(version: number, image: string, services: Manifest['services']): [tag: string, image: string][] {
  const own = Object.entries(imagesOf({ services })).map(([process, id]): [string, string] => [`v${version}.${process}`, id])
  return [[`v${version}`, image], ...own]
}

/**
 * After a change of an app's releases: each has its tags, and those that went have none. Whatever else is amiss is
 * left to the full pass, because an engine needs long to list its images.
 */
export async function retag(app: App, gone: readonly Tagged[]): Promise<void> {
  const { instance } = app
  const tags = ({ version, image, manifest }: Tagged) =>
    tagsOf(version, image, manifest.services).map(([tag, id]) => [`${imageName(instance.settings.name, app.name)}:${tag}`, id] as const)
  await Promise.all(listReleases(app).flatMap((release) => tags(release).map(([name, image]) => add(instance, name, image))))
  for (const release of gone) for (const [name] of tags(release)) await remove(instance, name)
}

/** The images of a build that became no release go. */
export async function dropBuild(app: App, { image, manifest }: Built): Promise<void> {
  // Where the engine is away, the next full pass removes them.
  await retag(app, [{ version: nextVersion(app), image, manifest }]).catch(() => undefined)
}

/** Makes the tags of these apps' releases; `actual` may hold others. Answers the apps of which a container still holds an image. */
async function makeTags(instance: Instance, apps: ReadonlySet<string>, actual: Tags): Promise<Set<string>> {
  const ofApps = (tags: Tags) => new Map([...tags].filter(([tag]) => apps.has(parse(instance, tag)?.app ?? '')))
  const changes = tagChanges(ofApps(wantedTags(instance)), ofApps(actual))
  // Added first: the last tag of an image takes the image with it.
  for (const [name, image] of changes.add) await add(instance, name, image)
  const kept = new Set<string>()
  for (const name of changes.remove) if (!(await remove(instance, name))) kept.add(parse(instance, name)?.app ?? '')
  return kept
}

function wantedTags(instance: Instance): Tags {
  const services = "json_extract(r.manifest, '$.services') AS services"
  const rows = instance.db.all(row, `SELECT a.name, r.version, r.image, ${services} FROM releases r JOIN apps a ON a.id = r.app_id`)
  return new Map(
    rows.flatMap(({ name, version, image, services }) => {
      const found = services === null ? undefined : servicesSchema.parse(JSON.parse(services))
      return tagsOf(version, image, found).map(([tag, id]): [string, string] => [`${imageName(instance.settings.name, name)}:${tag}`, id])
    }),
  )
}

/** Tags of the form that releases have. */
async function actualTags(instance: Instance, app: string): Promise<Tags> {
  const images = await listImages(instance, { reference: [imageName(instance.settings.name, app)] })
  return new Map(images.flatMap(({ Id: id, RepoTags: tags }) => (tags ?? []).filter((tag) => parse(instance, tag)).map((tag) => [tag, id])))
}

/** Names of images that a process of control loaded which is gone. */
async function loadedBefore({ engine, settings, session }: Instance): Promise<string[]> {
  const images = await engine.listImages({ filters: { reference: [imageName(settings.name, '*:loading-*')] } })
  return images.flatMap(({ RepoTags: tags }) =>
    (tags ?? []).filter((tag) => /:loading-\w+-\w+$/.test(tag) && !tag.includes(`:loading-${session}-`)),
  )
}

/** The app and the tag of a name such as dokku/shop:v3 or dokku/shop:v3.worker. */
function parse(instance: Instance, name: string): { app: string; tag: string } | undefined {
  const [, prefix, app = '', tag = ''] = /^([^/]+)\/([^/:]+):(v\d+(?:\.[\w-]+)?)$/.exec(name) ?? []
  return prefix === instance.settings.name ? { app, tag } : undefined
}

async function listImages(instance: Instance, filters: Record<string, string[]>) {
  return await instance.engine.listImages({ filters })
}

/** What somebody removed cannot be tagged. */
async function add(instance: Instance, name: string, image: string): Promise<void> {
  const [repo = '', tag = ''] = name.split(':')
  await instance.engine.getImage(image).tag({ repo, tag }).catch(unless(404))
}

/** Without its last tag the engine removes the image too; it refuses, and the answer is false, while a container needs it. */
async function remove(instance: Instance, name: string): Promise<boolean> {
  try {
    await instance.engine.getImage(name).remove()
    return true
  } catch (error) {
    if (!hasStatus(error, 404, 409)) throw error
    return hasStatus(error, 404)
  }
}

function unless(...statuses: number[]) {
  return (error: unknown) => {
    if (!hasStatus(error, ...statuses)) throw error
  }
}
