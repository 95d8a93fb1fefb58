import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '#lib/errors.ts'
import { type App, allApps } from './app.ts'
import { type Build, buildRow, isOpen, underWay } from './build-record.ts'
import type { Instance } from './instance.ts'
import { inQueueOrder } from './live-builds.ts'

/** How many ended builds of an app are kept unless its setting says otherwise; Dokku's number. */
const defaultRetention = 20

/** The builds of an app, newest first. */
export function listBuilds(app: App): Build[] {
  return app.instance.db.all(buildRow, 'SELECT * FROM builds WHERE app_id = ? ORDER BY number DESC', app.id)
}

/** UserError `no-such-build` when the app has none of that number. */
export function findBuild(app: App, number: number): Build {
  const found = app.instance.db.get(buildRow, 'SELECT * FROM builds WHERE app_id = ? AND number = ?', app.id, number)
  if (found !== undefined) return found
  throw new UserError('no-such-build', `No build record found for ${app.name}/${number}`, { hint: `builds:list ${app.name}` })
}

/** The builds of all apps that have not ended: what runs, and then what waits in its order. */
export function openBuilds(instance: Instance): { app: App; build: Build }[] {
  const open = allApps(instance).flatMap((app) => openBuildsOf(app).map((build) => ({ app, build })))
  return inQueueOrder(open, instance.builds)
}

/** The build of the app that runs, else the first that waits. */
export function currentBuild(app: App): Build | undefined {
  const open = openBuildsOf(app)
  return open.find(({ status }) => status !== 'queued') ?? open[0]
}

function openBuildsOf({ instance, id }: App): Build[] {
  const statuses = underWay.map(() => '?').join(', ')
  return instance.db.all(buildRow, `SELECT * FROM builds WHERE app_id = ? AND status IN (${statuses}) ORDER BY number`, id, ...underWay)
}

/** Writes down a new build of the app under its next number. */
export function createBuild(app: App, { source, by }: { source: string; by: string }): Build {
  const { db } = app.instance
  return db.tx(() => {
    const number = (listBuilds(app)[0]?.number ?? 0) + 1
    db.run(
      "INSERT INTO builds (app_id, number, status, source, created_by, created_at) VALUES (?, ?, 'queued', ?, ?, ?)",
      app.id,
      number,
      source,
      by,
      new Date().toISOString(),
    )
    return findBuild(app, number)
  })
}

/** Stores what has become of a build; `startedAt` and `finishedAt` are ISO times. */
export function storeBuild(instance: Instance, { id, source, status, version, error, startedAt, finishedAt }: Build): void {
  instance.db.run(
    'UPDATE builds SET source = ?, status = ?, version = ?, error = ?, started_at = ?, finished_at = ? WHERE id = ?',
    source,
    status,
    version,
    error,
    startedAt,
    finishedAt,
    id,
  )
}

/** How many ended builds of the app are kept. */
export function buildRetention(app: App): number {
  return Number(app.properties.get('builds retention') ?? defaultRetention)
}

/** Forgets the oldest ended builds and their output, but `keep` of them; answers how many. Numbers are not used again. */
export async function pruneBuilds(app: App, keep = buildRetention(app)): Promise<number> {
  const old = listBuilds(app)
    .filter((build) => !isOpen(build))
    .slice(keep)
  for (const { id, number } of old) {
    app.instance.db.run('DELETE FROM builds WHERE id = ?', id)
    await rm(logPath(app, number), { force: true })
  }
  return old.length
}

/** Where the sources of builds are checked out. */
export function treeFolder(instance: Instance): string {
  return join(instance.settings.dataDir, 'builds')
}

/** Where the output of an app's build is kept. */
export function logPath(app: App, number: number): string {
  return join(logFolder(app.instance, app.id), `${number}.log`)
}

/** Where the outputs of all builds are, or those of one app. */
export function logFolder(instance: Instance, appId?: number): string {
  return join(instance.settings.dataDir, 'build-logs', ...(appId === undefined ? [] : [String(appId)]))
}
