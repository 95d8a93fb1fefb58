import { createHash } from 'node:crypto'
import { UserError } from '#lib/errors.ts'
import { parseWords } from '#lib/words.ts'
import type { App } from './app.ts'
import { computedProperty } from './computed-property.ts'
import { nextTime } from './crontab.ts'
import type { CronTask } from './manifest/schema.ts'
import { currentRelease, type Release } from './release.ts'

/** Something that an app wants to have run at its times. */
export interface Task extends CronTask {
  /** The same for the same command and schedule of an app. */
  id: string
  zone: string | undefined
  /** Somebody had it wait. */
  suspended: boolean
}

/** The tasks of an app's current release. */
export function tasksOf(app: App, release: Pick<Release, 'manifest'> | undefined = currentRelease(app)): Task[] {
  const zone = computedProperty(app, 'cron timezone')
  return (release?.manifest.cron ?? []).map((task) => {
    const id = createHash('sha256')
      .update(JSON.stringify([app.id, task.command, task.schedule]))
      .digest('hex')
      .slice(0, 10)
    return { ...task, id, zone, suspended: app.properties.get(suspension(id)) !== undefined }
  })
}

/** The task of this id; UserError `no-such-task`. */
export function findTask(app: App, id: string): Task {
  const found = tasksOf(app).find((one) => one.id === id)
  if (found !== undefined) return found
  throw new UserError('no-such-task', `${app.name} has no cron task ${JSON.stringify(id.slice(0, 40))}`, {
    hint: `cron:list ${app.name} shows them`,
  })
}

/** Has a task wait until it is resumed; a deploy changes nothing about it. */
export function suspendTask({ properties }: App, { id }: Pick<Task, 'id'>, suspended: boolean): void {
  properties.set(suspension(id), suspended ? 'true' : '')
}

/** When a task runs next; undefined for one that does not. */
export function nextOf(task: Task, now = new Date()): Date | undefined {
  return task.suspended || task.maintenance ? undefined : nextTime(task.schedule, task.zone, now)
}

/** What a task runs: the shell with an entry of the Procfile where it names one, else its words. */
export function wordsOf({ command }: Pick<Task, 'command'>, { manifest: { processes } }: Pick<Release, 'manifest'>): string[] {
  const entry = Object.hasOwn(processes, command) ? processes[command] : undefined
  return typeof entry === 'string' ? ['/bin/sh', '-c', entry] : parseWords(command)
}

function suspension(id: string): string {
  return `cron suspended ${id}`
}
