import { messageOf, UserError } from '#lib/errors.ts'
import { output } from '#lib/output.ts'
import { dueIn, spanOf } from '../cron-due.ts'
import { nextTime, scheduleProblem } from '../crontab.ts'
import type { Instance } from '../instance.ts'
import { record } from '../journal.ts'
import { isEncrypted, lockOf, usualTarget } from './choices.ts'
import { backUpOnSchedule } from './create.ts'
import { proveNewest } from './verify.ts'

/** Words for schedules; at an hour when few look. */
const words: Readonly<Record<string, string>> = { hourly: '17 * * * *', daily: '17 3 * * *', weekly: '17 4 * * 0' }

const [making, proving, seen] = ['backup schedule', 'backup verify-schedule', 'backup seen-until']

const minuteMs = 60_000

/** A schedule as it is typed, as cron writes it; empty is none. UserError `bad-schedule`. */
export function parseBackupSchedule(word: string): string {
  if (word === 'off') return ''
  const text = Object.hasOwn(words, word) ? (words[word] ?? '') : word
  const problem = text.length > 100 ? 'that is too long for a schedule' : scheduleProblem(text)
  if (problem === undefined) return text
  throw new UserError('bad-schedule', problem, { hint: 'hourly, daily, weekly, "30 3 * * *", or off' })
}

export function storeSchedule({ properties }: Instance, { make, verify }: { make: string | undefined; verify: string | undefined }): void {
  if (make !== undefined) properties.set(making, make)
  if (verify !== undefined) properties.set(proving, verify)
}

/** Makes backups, and proves the newest, when it is time; what could not be done is in `events` and in `doctor`. */
export function keepBackingUp(instance: Instance): { close(): void } {
  const { properties } = instance
  let timer: NodeJS.Timeout | undefined
  const attempt = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
      properties.set(`backup ${what} failed`, '')
    } catch (error) {
      const reason = messageOf(error).split('\n')[0] ?? ''
      properties.set(`backup ${what} failed`, JSON.stringify({ at: new Date().toISOString(), reason }))
      record(instance.db, { by: 'backup', text: `${what} on schedule failed: ${reason}` })
    }
  }
  const look = () => {
    const span = spanOf(Number(properties.get(seen)) || undefined, Date.now())
    const isDue = (of: string) => {
      const schedule = properties.get(of)
      // One that was missed while nobody looked is made up for.
      return schedule !== undefined && dueIn({ schedule, zone: undefined }, span) !== undefined
    }
    const [make, prove] = [isDue(making), isDue(proving)]
    try {
      if ([making, proving].some((of) => properties.get(of) !== undefined)) properties.set(seen, String(span.until))
    } catch (error) {
      // A full disk takes no writes; what is due is due again in a minute.
      instance.log.warn({ err: error }, 'backups on schedule wait')
      return again()
    }
    const quiet = output(
      () => undefined,
      (line) => instance.log.warn(line.trim()),
    )
    const by = { user: 'backup', output: quiet, signal: instance.stopping }
    void (async () => {
      if (make) await attempt('making', () => backUpOnSchedule(instance, by))
      if (prove) await attempt('proving', () => proveNewest(instance, by))
    })()
    again()
  }
  const again = () => {
    timer = setTimeout(look, minuteMs - (Date.now() % minuteMs) + 20).unref()
  }
  look()
  return { close: () => clearTimeout(timer) }
}

/** How backups are made, and how the last ones went. */
export async function backupReport(instance: Instance): Promise<Record<string, string>> {
  const { properties } = instance
  const lock = lockOf(instance)
  const last = properties.get('backup last')
  const when = (of: string) => {
    const schedule = properties.get(of)
    return schedule === undefined ? 'off' : `${schedule}, next ${nextTime(schedule, undefined, new Date())?.toISOString() ?? 'never'}`
  }
  const failed = (what: string) => {
    const text = properties.get(`backup ${what} failed`)
    if (text === undefined) return ''
    const { at, reason } = JSON.parse(text) as { at: string; reason: string }
    return `${at}: ${reason}`
  }
  const made = last === undefined ? undefined : (JSON.parse(last) as { at: string; name: string; target: string })
  return {
    target: usualTarget(instance),
    lock: lock === undefined ? 'none' : 'passphrase' in lock ? 'a passphrase' : lock.recipients.join(' '),
    encrypted: String(isEncrypted(instance)),
    keep: properties.get('backup keep') ?? '7',
    volumes: properties.get('backup volumes') ?? 'pause',
    schedule: when(making),
    'verify-schedule': when(proving),
    last: made === undefined ? 'never' : `${made.name} at ${made.target}, ${made.at}`,
    'last-failure': failed('making'),
    'last-proof-failure': failed('proving'),
  }
}

/** Since when a scheduled backup is late, as the time at which it should have been made; undefined while it is not. */
export function lateSince({ properties }: Instance, now = Date.now()): Date | undefined {
  const schedule = properties.get(making)
  if (schedule === undefined) return undefined
  const last = properties.get('backup last')
  const from = last === undefined ? undefined : new Date((JSON.parse(last) as { at: string }).at)
  if (from === undefined) return undefined
  const due = nextTime(schedule, undefined, from)
  const following = due === undefined ? undefined : nextTime(schedule, undefined, due)
  return due !== undefined && following !== undefined && following.getTime() < now ? due : undefined
}
