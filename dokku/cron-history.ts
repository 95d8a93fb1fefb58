import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { readIfThere, writeWhole } from '#lib/files.ts'
import { type App, allApps } from './app.ts'
import type { Task } from './cron-tasks.ts'
import type { Instance } from './instance.ts'

/** How many runs of a task are kept, and how many characters of what each printed, the last ones. */
const keptRuns = 20
const keptOutput = 32 * 1024

const schema = z.object({
  run: z.string(),
  /** ISO times. */
  startedAt: z.string(),
  endedAt: z.string().optional(),
  why: z.enum(['schedule', 'missed', 'hand']),
  outcome: z.enum(['running', 'succeeded', 'failed', 'skipped', 'replaced', 'timed-out', 'lost']),
  exitCode: z.number().optional(),
  release: z.number(),
  container: z.string().optional(),
  address: z.string().optional(),
  output: z.string().optional(),
})

/** A run of a task, as it is kept. */
export type TaskRun = z.infer<typeof schema>

/** The kept runs of a task, newest first. A file that cannot be read counts as none. */
export async function runsOf(app: App, { id }: Pick<Task, 'id'>): Promise<TaskRun[]> {
  const text = await readIfThere(fileOf(app, id))
  if (text === undefined) return []
  try {
    return z.array(schema).parse(JSON.parse(text))
  } catch {
    return []
  }
}

/** Keeps a run, in place of what was kept of it before. */
export async function keepRun(app: App, { id }: Pick<Task, 'id'>, run: TaskRun): Promise<void> {
  await app.instance.inOrder(`cron ${app.id} ${id}`, async () => {
    const others = (await runsOf(app, { id })).filter((one) => one.run !== run.run)
    const kept = run.output === undefined ? run : { ...run, output: run.output.slice(-keptOutput) }
    const all = [kept, ...others].sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))
    await writeWhole(fileOf(app, id), JSON.stringify(all.slice(0, keptRuns)))
  })
}

/** The ids of the tasks of which runs are kept. */
export async function keptTasks(app: App): Promise<string[]> {
  return (await names(folderOf(app.instance, app.id))).flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -5)] : []))
}

/** Removes what is kept of apps that are gone. */
export async function sweepHistory(instance: Instance): Promise<void> {
  const ids = new Set(allApps(instance).map(({ id }) => String(id)))
  for (const name of await names(join(instance.settings.dataDir, 'cron')))
    if (/^\d+$/.test(name) && !ids.has(name)) await rm(folderOf(instance, Number(name)), { recursive: true, force: true })
}

function folderOf({ settings }: Instance, app: number): string {
  return join(settings.dataDir, 'cron', String(app))
}

function fileOf(app: App, task: string): string {
  return join(folderOf(app.instance, app.id), `${task}.json`)
}

async function names(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => [])
}
