import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasStatus } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import { type App, isThere } from './app.ts'
import { removeContainer } from './containers.ts'
import { keepRun, keptTasks, runsOf, type TaskRun } from './cron-history.ts'
import { type Task, wordsOf } from './cron-tasks.ts'
import type { Instance } from './instance.ts'
import { record } from './journal.ts'
import { readLogs } from './logs/last-lines.ts'
import { createRun } from './one-off.ts'
import { currentRelease, notDeployed } from './release.ts'
import { stopRun } from './runs.ts'

/** As Dokku's: what runs longer hangs. */
const longestSeconds = 24 * 60 * 60

/** How often the engine is asked again, while it does not answer, in milliseconds. */
const againMs = 5_000

/** Runs of this process of control by app and task, with those that gave way to a later one. */
const known = new WeakMap<Instance, { running: Map<string, TaskRun[]>; replaced: Set<string> }>()

function runsIn(instance: Instance) {
  const found = known.get(instance) ?? { running: new Map<string, TaskRun[]>(), replaced: new Set<string>() }
  known.set(instance, found)
  return found
}

/** The runs of a task that have not ended. */
function running(app: App, { id }: Pick<Task, 'id'>): TaskRun[] {
  const { running: all } = runsIn(app.instance)
  const key = `${app.id} ${id}`
  const found = all.get(key) ?? []
  all.set(key, found)
  return found
}

/** Starts a task in a container of the current release; answers the run, and how it ends. UserError `cron-running` where it may not run twice. */
export async function startTask(app: App, task: Task, why: TaskRun['why']): Promise<{ run: TaskRun; ended: Promise<TaskRun> }> {
  return await app.instance.inOrder(`cron start ${app.id} ${task.id}`, async () => {
    const release = currentRelease(app)
    if (release === undefined) throw notDeployed(app)
    const run: TaskRun = {
      run: randomBytes(4).toString('hex'),
      startedAt: new Date().toISOString(),
      why,
      outcome: 'running',
      release: release.version,
    }
    const before = running(app, task)
    if (before.length > 0 && task.concurrency_policy === 'forbid') {
      await keepRun(app, task, { ...run, outcome: 'skipped', endedAt: run.startedAt })
      throw new UserError('cron-running', `${task.command} of ${app.name} is still running, and its concurrency_policy is forbid`, {
        hint: `run:list ${app.name} shows it, run:stop ends it`,
      })
    }
    if (task.concurrency_policy === 'replace')
      await Promise.all(
        before.map(async ({ run: old, container = '' }) => {
          runsIn(app.instance).replaced.add(old)
          await stopRun(app.instance, container)
        }),
      )
    const oneOff = { words: wordsOf(task, release), env: {}, ttlSeconds: longestSeconds }
    const { container, start, remove, address } = await createRun(app, release, oneOff, {})
    const started = { ...run, container: container.id, address }
    // Kept before it starts, so that whoever comes after a crash finds it.
    await keepRun(app, task, started)
    try {
      await start()
    } catch (error) {
      await remove()
      await keepRun(app, task, { ...run, outcome: 'failed', endedAt: new Date().toISOString(), output: String(error) })
      throw error
    }
    return { run: started, ended: follow(app, task, started) }
  })
}

/** Takes up the runs that an earlier process of control left. */
export async function resumeRuns(app: App): Promise<void> {
  for (const id of await keptTasks(app))
    for (const run of await runsOf(app, { id })) if (run.outcome === 'running') void follow(app, { id }, run)
}

/** Waits for the end of a run and keeps how it ended; never rejects. */
async function follow(app: App, task: Pick<Task, 'id'>, run: TaskRun): Promise<TaskRun> {
  const { instance } = app
  const list = running(app, task)
  list.push(run)
  try {
    const end = await endOf(instance, run)
    if (end === undefined) return run
    const replaced = runsIn(instance).replaced.delete(run.run)
    const ended: TaskRun = { ...run, ...end, ...(replaced ? { outcome: 'replaced' as const } : {}), endedAt: new Date().toISOString() }
    if (!isThere(app)) return ended
    await keepRun(app, task, ended)
    if (ended.outcome !== 'succeeded' && ended.outcome !== 'replaced')
      record(instance.db, {
        app: app.name,
        by: 'cron',
        text: `the task ${task.id} ${ended.outcome} (exit status ${ended.exitCode ?? 'unknown'})`,
      })
    await removeContainer(instance, { id: run.container ?? '', address: run.address ?? '' })
    return ended
  } catch (error) {
    instance.log.error({ err: error, app: app.name, task: task.id }, 'the end of a cron task could not be kept')
    return run
  } finally {
    list.splice(list.indexOf(run), 1)
  }
}

/** How a run ended; undefined where control stops before. */
async function endOf(instance: Instance, { container: id = '', startedAt }: TaskRun): Promise<Partial<TaskRun> | undefined> {
  const container = instance.engine.getContainer(id)
  while (!instance.stopping.aborted) {
    try {
      const { StatusCode: exitCode } = (await container.wait({ condition: 'not-running', abortSignal: instance.stopping })) as {
        StatusCode: number
      }
      const output = (await readLogs(container, 1000)).join('\n')
      const late = Date.now() - Date.parse(startedAt) >= longestSeconds * 1000
      return { exitCode, output, outcome: exitCode === 0 ? 'succeeded' : late ? 'timed-out' : 'failed' }
    } catch (error) {
      if (instance.stopping.aborted) break
      if (hasStatus(error, 404)) return { outcome: 'lost' }
      instance.log.warn({ err: error }, 'a cron task is not heard of')
      await sleep(againMs, undefined, { signal: instance.stopping }).catch(() => undefined)
    }
  }
  return undefined
}
