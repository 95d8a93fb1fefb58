import { type BuilderHooks, type Selection, selectDriver } from '#builder'
import type { App } from './app.ts'
import { choicesOf } from './build-choices.ts'
import { buildRequest } from './build-request.ts'
import type { Built } from './built.ts'
import { type By, heard } from './by.ts'
import { computedProperty } from './computed-property.ts'
import type { Instance } from './instance.ts'
import { readManifest, withProcesses, withStart } from './manifest.ts'
import { oldVariableNotes } from './old-variables.ts'
import { readTemplate } from './site-template.ts'
import type { Commit } from './source-kinds.ts'
import { withTree } from './tree.ts'
import { storeWanted } from './wanted-config.ts'

/** Turns a commit into an image: checks it out, reads what it says about running, lets a driver build it. */
export async function buildCommit(app: App, source: Commit, by: By): Promise<Built> {
  const { instance } = app
  return await withTree(app, source, by, async (dir) => {
    const tree = { app: app.name, dir, revision: source.commit }
    await instance.fire('post-extract', tree, heard(by))
    const manifest = await readTemplate(app, dir, await readManifest(dir, manifestFiles(app, by)), by.output)
    storeWanted(app, manifest, by)
    for (const note of oldVariableNotes(app.name, app.config.all())) by.output.detail(note)
    const chosen = { dir, choices: choicesOf(app) }
    const selection = await selectDriver(chosen, builderHooks(app, by))
    const { driver } = selection
    const builder = driver.name
    for (const line of describe(app, selection)) by.output.detail(line)
    await instance.fire('pre-receive-app', { ...tree, builder }, heard(by))
    await instance.fire('pre-build', { ...tree, builder }, heard(by))
    const request = await buildRequest(app, chosen, driver, by)
    const { imageId: image, ...found } = await inSlot(instance, by, () => driver.build(request, instance.engine))
    await instance.fire('post-build', { ...tree, builder, image }, heard(by))
    const description = `Deploy ${source.commit.slice(0, 8)}`
    return {
      image,
      builder,
      revision: source.commit,
      manifest: withStart(withProcesses(manifest, found), app.properties.get('ps start-cmd')),
      description,
    }
  })
}

/** Who would build a commit, and who else could, in lines for people. */
export async function detectBuilder(app: App, source: Commit, by: By): Promise<Selection> {
  return await withTree(app, source, by, async (dir) => await selectDriver({ dir, choices: choicesOf(app) }, builderHooks(app, by)))
}

/** Where the app was told that its files are. */
function manifestFiles(app: App, { output }: By) {
  return {
    procfile: computedProperty(app, 'ps procfile-path'),
    appJson: computedProperty(app, 'app-json appjson-path'),
    note: output.detail,
  }
}

/** How plugins take part in an app's builds. */
function builderHooks(app: App, by: By): BuilderHooks {
  const { select, fire } = app.instance
  return {
    detect: async ({ dir }) => (await select('builder-detect', { app: app.name, dir }, heard(by)))?.trim() || undefined,
    build: (builder, { source: { dir }, image }) => fire('builder-build', { builder, app: app.name, dir, image }, heard(by)),
  }
}

/** Who builds, and who else could, in lines for people. */
function describe({ name }: App, { driver, others }: Selection): string[] {
  const more = others.map((one) => `${one.name} would do too, for there is ${one.summary}: builder:set ${name} selected ${one.name}`)
  return [`Builder: ${driver.name}`, ...more]
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
