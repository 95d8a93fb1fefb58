import type { Database } from '#lib/database.ts'
import { record } from './journal.ts'

/** So many ends within so many milliseconds are a loop. */
const loop = { ends: 3, withinMs: 5 * 60_000 }

/** How soon after the kernel killed a process of it a container ends by that. */
const oomMs = 2_000

/** Whose process it is: an app. */
interface App {
  readonly id: number
  readonly name: string
  readonly instance: { readonly db: Database }
}

/** A process that ends again and again. */
export interface Crash {
  /** Such as web.1. */
  dyno: string
  /** How often it ended within the last minutes, and since when, in milliseconds since 1970. */
  ends: number
  since: number
  /** Of its last end. */
  exitCode: number
  outOfMemory: boolean
}

/** Remembers which processes of apps ended by themselves, to tell those that do again and again. */
export interface Crashes {
  /** A process ran out of memory: its end follows at once, unless only a child of it was killed. */
  oom(app: App, dyno: string, now?: number): void
  /** A process ended that should run. One that begins a loop is an event. */
  ended(app: App, dyno: string, exitCode: number, now?: number): void
  of(app: App, now?: number): Crash[]
  /** The app was deployed, restarted or stopped: what was before does not count. */
  forget(app: App): void
}

interface Ends {
  times: number[]
  exitCode: number
  outOfMemory: boolean
}

export function crashes(): Crashes {
  const apps = new Map<number, Map<string, Ends>>()
  const killed = new Map<string, number>()
  const of = (app: App, now = Date.now()): Crash[] =>
    [...(apps.get(app.id) ?? [])].flatMap(([dyno, { times, exitCode, outOfMemory }]) => {
      const recent = times.filter((time) => time > now - loop.withinMs)
      return recent.length < loop.ends ? [] : [{ dyno, ends: recent.length, since: recent[0] ?? now, exitCode, outOfMemory }]
    })
  return {
    of,
    oom: (app, dyno, now = Date.now()) => void killed.set(`${app.id} ${dyno}`, now),
    ended(app, dyno, exitCode, now = Date.now()) {
      const dynos = apps.get(app.id) ?? new Map<string, Ends>()
      const times = [...(dynos.get(dyno)?.times ?? []), now].filter((time) => time > now - loop.withinMs).slice(-100)
      const outOfMemory = now - (killed.get(`${app.id} ${dyno}`) ?? Number.NEGATIVE_INFINITY) < oomMs
      apps.set(app.id, dynos.set(dyno, { times, exitCode, outOfMemory }))
      const [found] = of(app, now).filter((one) => one.dyno === dyno)
      if (found?.ends === loop.ends) record(app.instance.db, { app: app.name, by: 'dokku', text: crashText(found, now) })
    },
    forget: (app) => void apps.delete(app.id),
  }
}

/** In words: how often, in how long, and how it ended last. */
export function crashText({ dyno, ends, since, exitCode, outOfMemory }: Crash, now = Date.now()): string {
  const minutes = Math.max(1, Math.round((now - since) / 60_000))
  return `${dyno} crashes again and again: ${ends} times in ${minutes} min, last with status ${exitCode}${outOfMemory ? ', out of memory' : ''}`
}
