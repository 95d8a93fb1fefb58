import { nextTime } from './crontab.ts'

/** Milliseconds between which it is asked what is due. */
export interface Span {
  after: number
  until: number
}

/** What is due no longer ago than this is on time, in milliseconds. */
const graceMs = 2 * 60_000

/** A clock that goes back further was wrong before, in milliseconds. */
const setBackMs = 60 * 60_000

/**
 * From the last look to now. A clock that went back a little has nothing run twice; one that went back far was wrong, and
 * counts from now on. The first look of all finds nothing due.
 */
export function spanOf(last: number | undefined, now: number): Span {
  if (last === undefined || now < last - setBackMs) return { after: now, until: now }
  return { after: last, until: Math.max(last, now) }
}

/** Is a schedule due in this time, or was its time missed, because nobody looked then? */
export function dueIn(
  { schedule, zone }: { schedule: string; zone: string | undefined },
  { after, until }: Span,
): 'due' | 'missed' | undefined {
  const within = (from: number) => {
    const next = nextTime(schedule, zone, new Date(from))
    return next !== undefined && next.getTime() <= until
  }
  if (!within(after)) return undefined
  return within(Math.max(after, until - graceMs)) ? 'due' : 'missed'
}
