import { messageOf } from '#lib/errors.ts'
import { type App, allApps } from './app.ts'
import { computedProperty } from './computed-property.ts'
import { dueIn, type Span, spanOf } from './cron-due.ts'
import { sweepHistory } from './cron-history.ts'
import { resumeRuns, startTask } from './cron-run.ts'
import { type Task, tasksOf } from './cron-tasks.ts'
import type { Instance } from './instance.ts'
import { record } from './journal.ts'

/** Until when what was due has been started, in milliseconds, as a global property: what was missed is known after a restart. */
const seenUntil = 'cron seen-until'

const minuteMs = 60_000

/** Starts the tasks of apps at their times, looking at each beginning of a minute. */
export function cronClock(instance: Instance): { close(): void } {
  const { log, properties } = instance
  let timer: NodeJS.Timeout | undefined
  const logged = (error: unknown) => log.error({ err: error }, 'cron could not go on')
  const look = () => {
    try {
      const span = spanOf(Number(properties.get(seenUntil)) || undefined, Date.now())
      properties.set(seenUntil, String(span.until))
      for (const { app, task, why } of dueNow(instance, span))
        startTask(app, task, why).catch((error: unknown) =>
          record(instance.db, {
            app: app.name,
            by: 'cron',
            text: `${task.command.slice(0, 60)} was not started: ${messageOf(error).split('\n')[0]}`,
          }),
        )
    } catch (error) {
      logged(error)
    }
    timer = setTimeout(look, minuteMs - (Date.now() % minuteMs) + 20)
    timer.unref()
  }
  const begin = async () => {
    await sweepHistory(instance)
    for (const app of allApps(instance)) await resumeRuns(app)
  }
  void begin()
    .catch(logged)
    .then(() => {
      if (!instance.stopping.aborted) look()
    })
  return { close: () => clearTimeout(timer) }
}

interface Started {
  app: App
  task: Task
  why: 'schedule' | 'missed'
}

/** The tasks to start, over all apps; a stopped app has none. */
export function dueNow(instance: Instance, span: Span): Started[] {
  return allApps(instance).flatMap((app) => {
    const tasks = tasksOf(app).filter(({ suspended, maintenance }) => !suspended && !maintenance)
    if (tasks.length === 0 || app.state.stopped) return []
    const once = computedProperty(app, 'cron missed-runs') === 'once'
    return tasks.flatMap((task): Started[] => {
      const due = dueIn(task, span)
      if (due === 'due') return [{ app, task, why: 'schedule' }]
      return due === 'missed' && once ? [{ app, task, why: 'missed' }] : []
    })
  })
}
