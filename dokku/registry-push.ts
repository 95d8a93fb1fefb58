import { pushImage } from '#builder'
import { UserError } from '#lib/errors.ts'
import type { App } from './app.ts'
import type { Built } from './built.ts'
import type { By } from './by.ts'
import { computedProperty } from './computed-property.ts'
import { tagsOf } from './images.ts'
import { registriesOf } from './registry.ts'

/** The name, without a tag, under which the releases of an app are pushed: by its settings `server` and `image-repo`. */
export function remoteRepository(app: App): string {
  const { properties, name, instance } = app
  const server = computedProperty(app, 'registry server')
  const repository = properties.get('registry image-repo') ?? `${instance.settings.name}/${name}`
  return server === undefined ? repository : `${server}/${repository}`
}

/** Pushes the images of a version to the app's registry, where `push-on-release` is set; one that cannot be pushed is no release. */
export async function pushRelease(app: App, { image, manifest }: Built, version: number, by: By): Promise<void> {
  const { instance } = app
  if (computedProperty(app, 'registry push-on-release') !== 'true') return
  const repository = remoteRepository(app)
  const more = (computedProperty(app, 'registry push-extra-tags') ?? '').split(',').filter(Boolean)
  const tags = [...tagsOf(version, image, manifest.services), ...more.map((tag): [string, string] => [tag, image])]
  for (const [tag, id] of tags) {
    by.output.step(`Pushing ${repository}:${tag}`)
    await pushImage(instance.engine, { image: id, name: `${repository}:${tag}` }, by.output, {
      registries: registriesOf(app),
      ...(by.signal && { signal: by.signal }),
    })
  }
}

/** UserError `bad-choice` unless it could be the tags that are pushed beside a version's own. */
export function checkTags(text: string): void {
  if (text.split(',').every((tag) => /^\w[\w.-]{0,127}$/.test(tag))) return
  throw new UserError('bad-choice', `${JSON.stringify(text.slice(0, 80))} is not a list of tags`, { hint: 'latest,stable' })
}
