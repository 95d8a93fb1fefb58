import { hasStatus } from '#lib/docker.ts'
import type { App } from './app.ts'
import { type Instance, imageName } from './instance.ts'
import { listReleases } from './release.ts'

/** Removes the images of builds that became no release. Those of listed releases are never touched. */
export async function pruneImages(app: App): Promise<void> {
  const releases = listReleases(app)
  const listed = new Set(releases.map(({ version }) => `v${version}`))
  for (const tag of await tagsOf(app.instance, app.name)) if (!listed.has(tag.split(':').at(-1) ?? '')) await untag(app.instance, tag)
}

/** Removes every image of an app that is going. */
export async function removeImages(instance: Instance, app: string): Promise<void> {
  for (const tag of await tagsOf(instance, app)) await untag(instance, tag)
}

async function tagsOf(instance: Instance, app: string): Promise<string[]> {
  const repository = imageName(instance.settings.name, app)
  const images = await instance.engine.listImages({ filters: { reference: [repository] } })
  return images.flatMap((image) => image.RepoTags ?? []).filter((tag) => tag.startsWith(`${repository}:`))
}

/** Without its last tag the engine removes the image too, unless a container still needs it. */
async function untag(instance: Instance, tag: string): Promise<void> {
  await instance.engine
    .getImage(tag)
    .remove()
    .catch((error: unknown) => {
      if (!hasStatus(error, 404, 409)) throw error
    })
}
