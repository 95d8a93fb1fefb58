import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { hasStatus } from '#lib/docker.ts'
import { type App, allApps, numberedApp } from '../app.ts'
import type { AppContainer } from '../container.ts'
import type { Instance } from '../instance.ts'
import { engineLines } from './engine-lines.ts'
import { lineTime } from './line.ts'
import { writeLines } from './lines-file.ts'
import { maxSizeOf } from './max-size.ts'

/** How many containers of a process type are remembered, those that wrote nothing too. */
const mostContainers = 50

const row = z
  .object({
    container: z.string(),
    process: z.string(),
    dyno: z.string(),
    release: z.number(),
    started_at: z.string(),
    ended_at: z.string(),
    exit_code: z.number().nullable(),
    oom: z.number(),
    attempt: z.string().nullable(),
    bytes: z.number(),
  })
  .transform(({ started_at, ended_at, exit_code, oom, ...rest }) => ({
    ...rest,
    startedAt: started_at,
    endedAt: ended_at,
    exitCode: exit_code,
    oom: oom === 1,
  }))

/** What is kept of a container that is gone. Times as lines have them. */
export type KeptLog = z.output<typeof row>

/** What is kept of an app, oldest first. */
export function keptLogs(app: App): KeptLog[] {
  return app.instance.db.all(row, 'SELECT * FROM kept_logs WHERE app_id = ? ORDER BY started_at, container', app.id)
}

/** Where the lines of a kept container are. */
export function keptFile({ instance, id }: App, { container }: Pick<KeptLog, 'container'>): string {
  return join(folderOf(instance, id), `${container}.log`)
}

/**
 * Keeps the lines of a container that is about to be removed, and how it ended; `attempt` tells those of one deploy that
 * failed. Never an error: what cannot be kept is logged, and the container goes.
 */
export async function keepLogs(
  instance: Instance,
  container: Pick<AppContainer, 'id' | 'appId'> & Partial<AppContainer>,
  attempt?: string,
): Promise<void> {
  const app = container.appId === undefined ? undefined : numberedApp(instance, container.appId)
  const { process = '', index = 0, version = 0 } = container
  if (app === undefined || process === '') return
  await inOrder(app, async () => {
    const handle = instance.engine.getContainer(container.id)
    const { State: state, Created: created } = await handle.inspect()
    const started = Date.parse(state.StartedAt) > 0 ? state.StartedAt : created
    const bytes = await writeLines(keptFile(app, { container: container.id }), engineLines(handle), maxSizeOf(app))
    instance.db.run(
      `INSERT OR REPLACE INTO kept_logs (container, app_id, process, dyno, release, started_at, ended_at, exit_code, oom, attempt, bytes)
       SELECT ?, id, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM apps WHERE id = ?`,
      container.id,
      process,
      `${process}.${index}`,
      version,
      lineTime(new Date(started)),
      lineTime(state.Running ? new Date() : new Date(state.FinishedAt)),
      state.Running ? null : state.ExitCode,
      state.OOMKilled ? 1 : 0,
      attempt ?? null,
      bytes,
      app.id,
    )
    await forgetOldest(app, process)
  }).catch((error: unknown) => {
    if (!hasStatus(error, 404)) instance.log.warn({ err: error, container: container.id }, 'the lines of a container could not be kept')
  })
}

/** Removes what is kept of a process type beyond its size, the oldest first. */
async function forgetOldest(app: App, process: string): Promise<void> {
  const most = maxSizeOf(app)
  let bytes = 0
  const newestFirst = keptLogs(app)
    .filter((one) => one.process === process)
    .toReversed()
  for (const [at, one] of newestFirst.entries()) {
    bytes += one.bytes
    // The newest is within the size by itself.
    if (at === 0 || (bytes <= most && at < mostContainers)) continue
    app.instance.db.run('DELETE FROM kept_logs WHERE container = ?', one.container)
    await rm(keptFile(app, one), { force: true })
  }
}

/** Removes files of apps that are gone, and those that no row names: a crash may have come in between. */
export async function sweepKeptLogs(instance: Instance): Promise<void> {
  const apps = new Map(allApps(instance).map((app) => [String(app.id), app]))
  for (const name of await namesIn(join(instance.settings.dataDir, 'logs'))) {
    const app = apps.get(name)
    if (app === undefined) await rm(join(instance.settings.dataDir, 'logs', name), { recursive: true, force: true })
    else await inOrder(app, () => sweepFiles(app))
  }
}

async function sweepFiles(app: App): Promise<void> {
  const folder = folderOf(app.instance, app.id)
  const known = new Set(keptLogs(app).map(({ container }) => `${container}.log`))
  for (const file of await namesIn(folder)) if (!known.has(file)) await rm(join(folder, file), { force: true })
}

/** A file is there before its row: nobody must look in between. */
function inOrder<T>({ instance, id }: App, work: () => Promise<T>): Promise<T> {
  return instance.inOrder(`logs ${id}`, work)
}

function folderOf({ settings }: Instance, app: number): string {
  return join(settings.dataDir, 'logs', String(app))
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => [])
}
