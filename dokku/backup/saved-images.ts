import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import * as z from 'zod'
import { type Docker, hasStatus } from '#lib/docker.ts'
import type { App } from '../app.ts'
import { type Instance, imageName } from '../instance.ts'
import { listReleases } from '../release.ts'
import { imagesOf } from '../services.ts'

/** Images that stay while they are saved, whatever becomes of their apps. */
export interface Pinned {
  ids: string[]
  /** Releases whose image is not on the engine. */
  missing: string[]
  release(): Promise<void>
}

/** Names the images of all listed releases, so that none is removed meanwhile. */
export async function pinImages(instance: Instance, apps: readonly App[]): Promise<Pinned> {
  const wanted = apps.flatMap((app) =>
    listReleases(app).flatMap(({ version, image, manifest }) =>
      [image, ...Object.values(imagesOf(manifest))].map((id) => ({ id, of: `${app.name} v${version}` })),
    ),
  )
  return await instance.inOrder('images', () => pin(instance, wanted))
}

/** The same for images that `load` brings, of which none is removed before it has a name. */
export async function pinLoaded(instance: Instance, ids: readonly string[], load: () => Promise<void>): Promise<Pinned> {
  return await instance.inOrder('images', async () => {
    await load()
    return await pin(
      instance,
      ids.map((id) => ({ id, of: 'the backup' })),
    )
  })
}

async function pin({ engine, settings, session }: Instance, wanted: readonly { id: string; of: string }[]): Promise<Pinned> {
  const [names, ids, missing]: [string[], string[], string[]] = [[], [], []]
  const mark = randomBytes(4).toString('hex')
  for (const { id, of } of new Map(wanted.map((one) => [one.id, one])).values()) {
    const [repo, tag] = [imageName(settings.name, 'backup'), `pin-${session}-${mark}-${names.length}`]
    if (await tagged(engine, id, repo, tag)) {
      names.push(`${repo}:${tag}`)
      ids.push(id)
    } else missing.push(`the image of ${of}: it is not on the engine`)
  }
  return { ids, missing, release: async () => await untag(engine, names) }
}

/** Takes away the names that a process of control left which is gone. */
export async function sweepPins({ engine, settings, session }: Instance): Promise<void> {
  const images = await engine.listImages({ filters: { reference: [imageName(settings.name, 'backup:pin-*')] } })
  const names = images.flatMap(({ RepoTags: tags }) => tags ?? [])
  await untag(
    engine,
    names.filter((tag) => /:pin-\w+-\w+-\d+$/.test(tag) && !tag.includes(`:pin-${session}-`)),
  )
}

/** Images as `docker save` writes them, by their ids and without names; layers that they share are in it once. */
export async function saveImages({ modem }: Docker, ids: readonly string[]): Promise<Readable> {
  const statusCodes = { 200: true, 404: 'no such image', 500: 'server error' }
  const dial = promisify(modem.dial.bind(modem)) as (options: object) => Promise<unknown>
  return z
    .instanceof(Readable)
    .parse(await dial({ path: '/images/get?', method: 'GET', isStream: true, statusCodes, options: { names: ids } }))
}

async function tagged(engine: Docker, id: string, repo: string, tag: string): Promise<boolean> {
  try {
    await engine.getImage(id).tag({ repo, tag })
    return true
  } catch (error) {
    if (hasStatus(error, 404)) return false
    throw error
  }
}

async function untag(engine: Docker, names: readonly string[]): Promise<void> {
  for (const name of names)
    await engine
      .getImage(name)
      .remove()
      .catch((error: unknown) => {
        // A container may have it by another name, or somebody removed it.
        if (!hasStatus(error, 404, 409)) throw error
      })
}
