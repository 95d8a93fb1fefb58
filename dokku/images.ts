import * as z from 'zod'
import { hasStatus } from '#lib/docker.ts'
import { type App, allApps } from './app.ts'
import { label } from './container.ts'
import { type Instance, imageName } from './instance.ts'

const row = z.object({ name: z.string(), version: z.number(), image: z.string() })

/** Tags by name, each with the id of the image it should name, or names. */
export type Tags = ReadonlyMap<string, string>

/** The tags to set and those to take away, so that what is becomes what should be. */
export function tagChanges(wanted: Tags, actual: Tags): { add: [tag: string, image: string][]; remove: string[] } {
  return {
    add: [...wanted].filter(([tag, image]) => actual.get(tag) !== image),
    remove: [...actual.keys()].filter((tag) => !wanted.has(tag)),
  }
}

/**
 * Makes the tags of all apps exactly those of their releases, and removes images of ours that have no tag: a tag is what
 * keeps an image. An app that something changes now is left to that change.
 */
export async function syncImages(instance: Instance): Promise<void> {
  const dangling = await listImages(instance, { dangling: ['true'], label: [`${label.instance}=${instance.settings.name}`] })
  const actual = await actualTags(instance, `${instance.settings.name}/*`)
  const wanted = wantedTags(instance)
  await change(instance, wanted, actual, (repository) => {
    const app = allApps(instance).find(({ name }) => imageName(instance.settings.name, name) === repository)
    return app !== undefined && instance.inOrder.busy(app.id)
  })
  const needed = new Set(wanted.values())
  for (const { Id: id } of dangling) if (!needed.has(id)) await remove(instance, id)
}

/** The same for one app, by whoever changes it: the images of builds that became no release go. */
export async function pruneImages(app: App): Promise<void> {
  const { instance } = app
  const repository = imageName(instance.settings.name, app.name)
  const wanted = new Map([...wantedTags(instance)].filter(([tag]) => tag.startsWith(`${repository}:`)))
  await change(instance, wanted, await actualTags(instance, repository), () => false)
}

/** Removes every image of an app that is going. */
export async function removeImages(instance: Instance, app: string): Promise<void> {
  for (const tag of (await actualTags(instance, imageName(instance.settings.name, app))).keys()) await remove(instance, tag)
}

async function change(instance: Instance, wanted: Tags, actual: Tags, spared: (repository: string) => boolean): Promise<void> {
  const { add, remove: surplus } = tagChanges(wanted, actual)
  // Added first: the last tag of an image takes the image with it. What somebody removed cannot be tagged.
  for (const [name, image] of add) {
    const [repo, tag] = split(name)
    await instance.engine.getImage(image).tag({ repo, tag }).catch(unless(404))
  }
  for (const name of surplus) if (!spared(split(name)[0])) await remove(instance, name)
}

function wantedTags(instance: Instance): Tags {
  const rows = instance.db.all(row, 'SELECT a.name, r.version, r.image FROM releases r JOIN apps a ON a.id = r.app_id')
  return new Map(rows.map(({ name, version, image }) => [`${imageName(instance.settings.name, name)}:v${version}`, image]))
}

async function actualTags(instance: Instance, reference: string): Promise<Tags> {
  const images = await listImages(instance, { reference: [reference] })
  const prefix = `${instance.settings.name}/`
  return new Map(images.flatMap((image) => (image.RepoTags ?? []).filter((tag) => tag.startsWith(prefix)).map((tag) => [tag, image.Id])))
}

async function listImages(instance: Instance, filters: Record<string, string[]>) {
  return await instance.engine.listImages({ filters })
}

function split(name: string): [repository: string, tag: string] {
  const at = name.lastIndexOf(':')
  return [name.slice(0, at), name.slice(at + 1)]
}

/** Without its last tag the engine removes the image too, unless a container still needs it. */
async function remove(instance: Instance, name: string): Promise<void> {
  await instance.engine.getImage(name).remove().catch(unless(404, 409))
}

function unless(...statuses: number[]) {
  return (error: unknown) => {
    if (!hasStatus(error, ...statuses)) throw error
  }
}
