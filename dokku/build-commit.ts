import { randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type BuilderHooks, type Selection, selectDriver } from '#builder'
import { checkout } from '#gitreceive'
import type { App } from './app.ts'
import type { Built } from './build.ts'
import { buildDir, choicesOf } from './build-choices.ts'
import { buildRequest } from './build-request.ts'
import { treeFolder } from './builds.ts'
import { type By, heard } from './by.ts'
import type { Instance } from './instance.ts'
import { lookForLfs } from './lfs.ts'
import { readManifest, withProcesses } from './manifest.ts'
import type { Commit } from './source-kinds.ts'
import { fillSubmodules } from './submodules.ts'

/** Turns a commit into an image: checks it out, reads what it says about running, lets a driver build it. */
export async function buildCommit(app: App, source: Commit, by: By): Promise<Built> {
  const { instance } = app
  const root = join(treeFolder(instance), `${app.id}-${randomBytes(6).toString('hex')}`)
  await mkdir(treeFolder(instance), { recursive: true, mode: 0o700 })
  await mkdir(root)
  try {
    const { submodules } = await checkout(source.repository, source.commit, root, source.env)
    await fillSubmodules(app, { ...source, dir: root, paths: submodules }, by)
    await lookForLfs(app, source, by)
    const dir = await buildDir(app, root)
    const tree = { app: app.name, dir, revision: source.commit }
    await instance.fire('post-extract', tree, heard(by))
    const manifest = await readManifest(dir)
    const chosen = { dir, choices: choicesOf(app) }
    const selection = await selectDriver(chosen, builderHooks(app, by))
    const { driver } = selection
    say(app, selection, by)
    const builder = driver.name
    await instance.fire('pre-receive-app', { ...tree, builder }, heard(by))
    await instance.fire('pre-build', { ...tree, builder }, heard(by))
    const request = await buildRequest(app, chosen, driver, by)
    const { imageId: image, processes } = await inSlot(instance, by, () => driver.build(request, instance.engine))
    await instance.fire('post-build', { ...tree, builder, image }, heard(by))
    const description = `Deploy ${source.commit.slice(0, 8)}`
    return { image, builder, revision: source.commit, manifest: withProcesses(manifest, processes), description }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** How plugins take part in an app's builds. */
export function builderHooks(app: App, by: Pick<By, 'output' | 'signal'>): BuilderHooks {
  const { select, fire } = app.instance
  return {
    detect: async ({ dir }) => (await select('builder-detect', { app: app.name, dir }, heard(by)))?.trim() || undefined,
    build: (builder, { source: { dir }, image }) => fire('builder-build', { builder, app: app.name, dir, image }, heard(by)),
  }
}

function say(app: App, { driver, others }: Selection, { output }: By): void {
  output.detail(`The builder is ${driver.name}`)
  for (const { name, summary } of others)
    output.detail(`${name} would do too, for there is ${summary}: builder:set ${app.name} selected ${name}`)
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
