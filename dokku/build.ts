import { randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { resolveImage, selectDriver } from '#builder'
import { checkout } from '#gitreceive'
import type { App } from './app.ts'
import { treeFolder } from './builds.ts'
import { type By, heard } from './by.ts'
import { label } from './container.ts'
import { pluginOptions } from './docker-args.ts'
import { dockerOptions, flagsFor } from './docker-options.ts'
import { effectOf } from './flag-effects.ts'
import { fetchRemote } from './git-fetch.ts'
import { type Instance, imageName } from './instance.ts'
import { lookForLfs } from './lfs.ts'
import { type Manifest, plainManifest, readManifest } from './manifest.ts'
import { nextVersion } from './release.ts'
import { commitSource } from './source.ts'
import type { Commit, RemoteSource, Source } from './source-kinds.ts'
import { fillSubmodules } from './submodules.ts'

export type { Source }

/** An image with what its source said about running it. */
export interface Built {
  image: string
  /** The driver that built it; Dokku's word `null` where none did. */
  builder: string
  revision: string
  manifest: Manifest
  description: string
}

/** Turns a source into the image of the app's next version. */
export async function build(app: App, source: Source, by: By): Promise<Built> {
  const built =
    source.kind === 'image'
      ? await fromImage(app, source.reference, by)
      : await fromCommit(app, source.kind === 'remote' ? await fetched(app, source, by) : source, by)
  by.signal?.throwIfAborted()
  const { engine, settings, fire } = app.instance
  const [repo, tag] = [imageName(settings.name, app.name), `v${nextVersion(app)}`]
  await engine.getImage(built.image).tag({ repo, tag })
  await fire('post-release-builder', { app: app.name, builder: built.builder, image: `${repo}:${tag}` }, heard(by))
  // A plugin may have made another image of it.
  const { Id: image } = await engine.getImage(`${repo}:${tag}`).inspect()
  return { ...built, image }
}

async function fetched(app: App, remote: RemoteSource, by: By): Promise<Commit> {
  by.stage?.('building')
  const commit = await fetchRemote(app, remote, by)
  const source = { ...commitSource(app, commit), origin: remote.remote }
  by.about?.(source)
  return source
}

async function fromCommit(app: App, source: Commit, by: By): Promise<Built> {
  const { instance } = app
  const { output, signal } = by
  const dir = join(treeFolder(instance), `${app.id}-${randomBytes(6).toString('hex')}`)
  await mkdir(treeFolder(instance), { recursive: true, mode: 0o700 })
  await mkdir(dir)
  try {
    const { submodules } = await checkout(source.repository, source.commit, dir, source.env)
    await fillSubmodules(app, { ...source, dir, paths: submodules }, by)
    await lookForLfs(app, source, by)
    const tree = { app: app.name, dir, revision: source.commit }
    await instance.fire('post-extract', tree, heard(by))
    const manifest = await readManifest(dir)
    const driver = await selectDriver({ dir })
    const builder = driver.name
    await instance.fire('pre-receive-app', { ...tree, builder }, heard(by))
    await instance.fire('pre-build', { ...tree, builder }, heard(by))
    const limits = await instance.buildLimits
    const options = await buildOptions(app, by)
    const image = await inSlot(instance, by, () =>
      driver.build(
        {
          source: { dir },
          image: `${imageName(instance.settings.name, app.name)}:v${nextVersion(app)}`,
          labels: { ...options.Labels, [label.instance]: instance.settings.name, [label.app]: app.name, [label.stage]: 'build', dokku: '' },
          output,
          ...(limits === undefined ? {} : { limits }),
          ...(instance.ca === undefined ? {} : { ca: instance.ca }),
          ...(signal === undefined ? {} : { signal }),
          ...(options.buildArgs && { buildArgs: options.buildArgs }),
          ...(options.noCache && { noCache: true }),
        },
        instance.engine,
      ),
    )
    await instance.fire('post-build', { ...tree, builder, image: image.imageId }, heard(by))
    return { image: image.imageId, builder, revision: source.commit, manifest, description: `Deploy ${source.commit.slice(0, 8)}` }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** What the app's options, and those that plugins add, ask of its build. */
async function buildOptions(app: App, by: By) {
  const set = dockerOptions(app)
  const added = await pluginOptions(app, set, { phase: 'build', tag: `v${nextVersion(app)}` }, heard(by))
  return effectOf(flagsFor([...set, ...added], 'build'))
}

/** Does the work when there is a slot for it. */
async function inSlot<T>(instance: Instance, by: By, work: () => Promise<T>): Promise<T> {
  const building = () => {
    by.stage?.('building')
    return work()
  }
  const onWait = () => {
    by.stage?.('waiting')
    by.output.detail('Waiting for other builds to end')
  }
  return await instance.building(building, onWait, by.signal)
}

async function fromImage(app: App, reference: string, { output, signal, stage }: By): Promise<Built> {
  stage?.('building')
  const { imageId } = await resolveImage(app.instance.engine, reference, output, signal === undefined ? {} : { signal })
  return { image: imageId, builder: 'null', revision: reference, manifest: plainManifest, description: `Deploy image ${reference}` }
}
