import type { App } from './app.ts'
import { build, type Source } from './build.ts'
import { nothingBuilt } from './built.ts'
import { type By, heard } from './by.ts'
import { converge } from './converge.ts'
import { withArgs } from './docker-args.ts'
import { dropBuild } from './images.ts'
import {
  commitRelease,
  currentRelease,
  differs,
  draftRelease,
  notDeployed,
  type Release,
  rollbackRelease,
  type Settings,
  storeSettings,
} from './release.ts'
import { tidyReleases } from './retention.ts'
import { afterDeploy, prepared } from './scripts.ts'

/** The life of a push, once it has its turn (turn.ts). Every step is also a command, so each can be run alone. */
export async function receive(app: App, source: Source, by: By): Promise<Release> {
  let built = nothingBuilt
  try {
    by.output.step(`Building ${app.name}`)
    built = await build(app, source, by)
    by.output.step(`Releasing ${app.name}`)
    const release = await prepared(app, draftRelease(app, { ...built, by: by.user }), by)
    by.stage?.('deploying', release.version)
    by.output.step(`Deploying ${app.name} v${release.version}`)
    await deploy(app, release, by)
    await afterDeploy(app, release, by)
    return release
  } catch (error) {
    await dropBuild(app, built)
    throw error
  }
}

/** Runs a release in place of the current one; when it does not get ready, the current one goes on. */
export async function deploy(app: App, draft: Release, by: By, settings: Settings = {}): Promise<void> {
  const { fire } = app.instance
  const tag = `v${draft.version}`
  await fire('pre-deploy', { app: app.name, tag }, heard(by))
  const release = await withArgs(app, draft, by)
  const commit = () =>
    app.instance.db.tx(() => {
      commitRelease(app, release, settings)
      app.setStopped(false)
    })
  const serving = await converge(app, release, by.output, { commit, signal: by.signal })
  await tidyReleases(app, by.output)
  const { port = 0, address = '' } = serving.find(({ process }) => process === 'web') ?? {}
  await fire('post-deploy', { app: app.name, port, address, tag, image: release.image, version: release.version }, heard(by))
}

/** A change of config or formation as a release of its own; before the first deploy it is only stored, and a stopped app stays so. */
export async function releaseChange(app: App, description: string, settings: Settings, by: By): Promise<void> {
  if (currentRelease(app) === undefined) return storeSettings(app, settings)
  const release = draftRelease(app, { description, by: by.user, ...settings })
  by.output.step(`Releasing ${app.name} v${release.version}: ${description}`)
  if (app.state.stopped) {
    commitRelease(app, release, settings)
    await tidyReleases(app, by.output)
    by.output.detail(`${app.name} is stopped: ps:start ${app.name} starts this release`)
  } else await deploy(app, release, by, settings)
}

/** Image, config and formation of an earlier release, as a new one. */
export async function rollback(app: App, version: number | undefined, by: By): Promise<Release> {
  const release = rollbackRelease(app, version, by.user)
  by.output.step(`${release.description} of ${app.name}`)
  await deploy(app, release, by, release)
  return release
}

/** Replaces every container by a new one, old and new side by side as in a deploy. Config stored meanwhile takes effect, as a release, unless the app is locked. */
export async function restart(app: App, by: By): Promise<void> {
  const current = deployed(app)
  by.output.step(`Restarting ${app.name}`)
  const drafted = () => withArgs(app, draftRelease(app, { description: 'Restart with stored config', by: by.user }), by)
  const draft = app.state.locked ? current : await drafted()
  const changed = differs(draft, current)
  const commit = () =>
    app.instance.db.tx(() => {
      if (changed) commitRelease(app, draft)
      app.countRestart()
      app.setStopped(false)
    })
  await converge(app, changed ? draft : current, by.output, { commit, restarts: app.state.restarts + 1 })
  if (changed) await tidyReleases(app, by.output)
}

export async function stop(app: App, by: By): Promise<void> {
  const release = deployed(app)
  by.output.step(`Stopping ${app.name}`)
  app.setStopped(true)
  await converge(app, release, by.output)
  await app.instance.fire('post-stop', { app: app.name }, heard(by))
}

export async function start(app: App, by: By): Promise<void> {
  const release = deployed(app)
  by.output.step(`Starting ${app.name}`)
  await app.instance.fire('pre-start', { app: app.name }, heard(by))
  app.setStopped(false)
  try {
    await converge(app, release, by.output)
  } catch (error) {
    app.setStopped(true)
    throw error
  }
}

function deployed(app: App): Release {
  const release = currentRelease(app)
  if (release === undefined) throw notDeployed(app)
  return release
}
