import { statfs } from 'node:fs/promises'
import { z } from 'zod'
import { formatSize } from '#lib/size.ts'
import type { Instance } from '../instance.ts'
import { type Check, type Finding, ok, warning, wrong } from './check.ts'

/** How much of the disk that holds our volume, and usually all of Docker's, was free at a time. */
export interface DiskSample {
  at: number
  free: number
}

const dayMs = 24 * 60 * 60 * 1000
const kept = 30
const samples = z.array(z.object({ at: z.number(), free: z.number() }))
const cleaning = 'docker system df shows what takes it; releases:set APP retention, builder settings and cleanup give it back'

/** What is free, and when that ends if it goes on as in the last days. */
export function diskFindings({ free, total }: { free: number; total: number }, history: readonly DiskSample[], now: number): Finding[] {
  const share = `${formatSize(free)} of ${formatSize(total)} are free`
  if (free < total * 0.05 || free < 2 ** 30) return [wrong(`the disk is nearly full: ${share}`, cleaning)]
  const days = daysLeft([...history, { at: now, free }])
  if (days !== undefined && days < 14) return [warning(`the disk is full in about ${Math.ceil(days)} days: ${share}`, cleaning)]
  if (free < total * 0.15) return [warning(`the disk fills: ${share}`, cleaning)]
  return [ok(share)]
}

/** By how it went from the first sample to the last; undefined where there is less than a day, or it does not shrink. */
export function daysLeft(history: readonly DiskSample[]): number | undefined {
  const [first, last] = [history[0], history.at(-1)]
  if (first === undefined || last === undefined || last.at - first.at < dayMs || last.free >= first.free) return undefined
  return last.free / ((first.free - last.free) / ((last.at - first.at) / dayMs))
}

/** Writes down how much is free, once a day. */
export async function noteDisk(instance: Instance, now = Date.now()): Promise<void> {
  const history = historyOf(instance)
  const since = now - (history.at(-1)?.at ?? 0)
  if (since >= 0 && since < dayMs) return
  const { free } = await look(instance)
  // After a clock was set back, what is later than now says nothing.
  const believed = history.filter(({ at }) => at <= now).slice(1 - kept)
  instance.properties.set('doctor disk', JSON.stringify([...believed, { at: now, free }]))
}

/** Does so as long as control runs. */
export function keepDiskHistory(instance: Instance): { close(): void } {
  const note = () =>
    void noteDisk(instance).catch((error: unknown) => instance.log.error({ err: error }, 'the disk could not be looked at'))
  note()
  const timer = setInterval(note, dayMs / 24)
  return { close: () => clearInterval(timer) }
}

function historyOf({ properties }: Instance): DiskSample[] {
  return samples.parse(JSON.parse(properties.get('doctor disk') ?? '[]'))
}

async function look({ settings }: Instance): Promise<{ free: number; total: number }> {
  const { bavail, blocks, bsize } = await statfs(settings.dataDir)
  return { free: bavail * bsize, total: blocks * bsize }
}

export const disk: Check = {
  name: 'disk',
  look: async (instance) => diskFindings(await look(instance), historyOf(instance), Date.now()),
}
