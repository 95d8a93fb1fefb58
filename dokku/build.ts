import { resolveImage } from '#builder'
import type { App } from './app.ts'
import { buildCommit } from './build-commit.ts'
import type { Built } from './built.ts'
import { type By, heard } from './by.ts'
import { fetchRemote } from './git-fetch.ts'
import { imageManifest } from './image-manifest.ts'
import { imageName } from './instance.ts'
import { withStart } from './manifest.ts'
import { registriesOf } from './registry.ts'
import { pushRelease } from './registry-push.ts'
import { nextVersion } from './release.ts'
import { predeployed } from './scripts.ts'
import { commitSource } from './source.ts'
import type { Commit, RemoteSource, Source } from './source-kinds.ts'
import { storeWanted } from './wanted-config.ts'

export type { Source }

/** Turns a source into the image of the app's next version. */
export async function build(app: App, source: Source, by: By): Promise<Built> {
  const first =
    source.kind === 'image'
      ? await fromImage(app, source.reference, by)
      : await buildCommit(app, source.kind === 'remote' ? await fetched(app, source, by) : source, by)
  by.signal?.throwIfAborted()
  const built = await predeployed(app, first, by)
  const { engine, settings, fire } = app.instance
  const [repo, tag] = [imageName(settings.name, app.name), `v${nextVersion(app)}`]
  await engine.getImage(built.image).tag({ repo, tag })
  await fire('post-release-builder', { app: app.name, builder: built.builder, image: `${repo}:${tag}` }, heard(by))
  // A plugin may have made another image of it.
  const { Id: image } = await engine.getImage(`${repo}:${tag}`).inspect()
  await pushRelease(app, { ...built, image }, nextVersion(app), by)
  return { ...built, image }
}

async function fetched(app: App, remote: RemoteSource, by: By): Promise<Commit> {
  by.stage?.('building')
  const commit = await fetchRemote(app, remote, by)
  const source = { ...commitSource(app, commit), origin: remote.remote }
  by.about?.(source)
  return source
}

async function fromImage(app: App, reference: string, by: By): Promise<Built> {
  const { output, signal, stage } = by
  stage?.('building')
  const options = { registries: registriesOf(app), ...(signal === undefined ? {} : { signal }) }
  const { imageId } = await resolveImage(app.instance.engine, reference, output, options)
  const described = await imageManifest(app, imageId, output.detail)
  storeWanted(app, described, by)
  const manifest = withStart(described, app.properties.get('ps start-cmd'))
  return { image: imageId, builder: 'null', revision: reference, manifest, description: `Deploy image ${reference}` }
}
