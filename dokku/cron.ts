import { AsyncLocalStorage } from 'node:async_hooks'
import { watch } from 'node:fs'
import { messageOf, UserError } from '#lib/errors.ts'
import { type AskedPlugins, type CronJob, type CronSource, cronSources } from './cron-sources.ts'
import { onSchedule } from './crontab.ts'

/** What runs by itself. */
export interface Cron {
  /** Asks plugins and reads files again; what is as before keeps its times. */
  reload(): Promise<void>
  /** Runs a job now, to its end, and gives its exit status; UserError `no-such-entry`, `cron-running`, and as `run` throws. */
  start(id: string): Promise<number>
  /** What there is, and when each runs next, and what is wrong with what is left out. */
  list(): { jobs: readonly (CronJob & { readonly next: Date | undefined })[]; problems: readonly string[] }
  close(): void
}

export interface CronOptions {
  readonly plugins: AskedPlugins
  /** Where cron files are, such as /etc/cron.d. A change there is seen. */
  readonly folder: string
  /** Runs a job to its end; gives its exit status. */
  readonly run: (job: CronJob) => Promise<number>
  /** Is told of what cannot be run, or be read. */
  readonly warn: (text: string) => void
}

/** Starts what plugins and files want to run, when they want it; never the same job twice at once. */
export function cron({ plugins, folder, run, warn }: CronOptions): Cron {
  const scheduled = new Map<string, { job: CronJob; times: ReturnType<typeof onSchedule> }>()
  const running = new Set<string>()
  let sources: readonly CronSource[] = []
  let reading: Promise<void> = Promise.resolve()
  let queued: Promise<void> | undefined
  let closed = false
  // What is started later must not think that it belongs to whoever had this read.
  const apart = AsyncLocalStorage.snapshot()

  const start = async (job: CronJob): Promise<number> => {
    if (running.has(job.id))
      throw new UserError('cron-running', `the line ${job.id} of ${job.origin} is still running, and not started again`, {
        hint: 'wait until it has ended, or end it in the control container',
      })
    running.add(job.id)
    try {
      return await run(job)
    } finally {
      running.delete(job.id)
    }
  }
  const startAtItsTime = (job: CronJob): void => {
    start(job).catch((error: unknown) => warn(messageOf(error)))
  }

  const read = async (): Promise<void> => {
    const before = new Map(sources.map((one) => [one.origin, one]))
    const now = await cronSources(plugins, folder)
    if (closed) return
    // Who cannot answer now goes on as before.
    sources = now.map((one) => (one.failed ? { ...one, jobs: before.get(one.origin)?.jobs ?? [] } : one))
    for (const { origin, problems } of sources)
      for (const problem of problems) if (!before.get(origin)?.problems.includes(problem)) warn(`${origin}: ${problem}`)
    const wanted = new Map(sources.flatMap(({ jobs }) => jobs).map((job) => [job.id, job]))
    for (const [id, { times }] of scheduled) {
      if (wanted.has(id)) continue
      times.stop()
      scheduled.delete(id)
    }
    for (const [id, job] of wanted) if (!scheduled.has(id)) scheduled.set(id, { job, times: onSchedule(job, () => startAtItsTime(job)) })
  }

  /** Whoever asks while it is read gets what is there afterwards: one more reading, for all who ask meanwhile. */
  const reload = (): Promise<void> => {
    queued ??= reading.then(() => {
      queued = undefined
      reading = apart(read).catch((error: unknown) => warn(`what is to run by itself could not be read: ${messageOf(error)}`))
      return reading
    })
    return queued
  }

  const watcher = watch(folder, () => void reload())
  watcher.on('error', (error) => warn(`${folder} is not watched any more: ${messageOf(error)}`))
  return {
    reload,
    async start(id) {
      const found = scheduled.get(id)
      if (found === undefined)
        throw new UserError('no-such-entry', `there is no line ${JSON.stringify(id.slice(0, 40))}`, { hint: 'cron:list shows them' })
      return await start(found.job)
    },
    list: () => ({
      jobs: [...scheduled.values()].map(({ job, times }) => ({ ...job, next: times.next() })),
      problems: sources.flatMap(({ origin, problems }) => problems.map((problem) => `${origin}: ${problem}`)),
    }),
    close() {
      closed = true
      watcher.close()
      for (const { times } of scheduled.values()) times.stop()
    },
  }
}
