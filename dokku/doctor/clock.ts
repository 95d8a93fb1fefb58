import { z } from 'zod'
import type { Instance } from '../instance.ts'
import { choicesOf } from '../letsencrypt/choices.ts'
import { type Check, type Finding, ok, unknown, warning, wrong } from './check.ts'

const time = z.object({ at: z.string().nullable() })
const set = 'timedatectl set-ntp true on the host has it set by the network'

/** The clock beside what was written down before, and beside that of a server elsewhere. */
export function clockFindings(now: number, last: number | undefined, elsewhere: number | undefined): Finding[] {
  if (last !== undefined && last - now > 60_000)
    return [wrong(`the clock was set back: something happened at ${iso(last)}, and now it is ${iso(now)}`, set)]
  if (elsewhere === undefined)
    return [unknown('there was no clock elsewhere to compare ours with', 'the certificate authority could not be reached')]
  const offMs = Math.abs(now - elsewhere)
  if (offMs > 5 * 60_000) return [wrong(`the clock is wrong by ${Math.round(offMs / 60_000)} minutes: certificates are refused by it`, set)]
  return offMs > 30_000 ? [warning(`the clock is wrong by ${Math.round(offMs / 1000)} seconds`, set)] : [ok('is right')]
}

function iso(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19)
}

function lastEvent({ db }: Instance): number | undefined {
  const at = db.get(time, 'SELECT max(at) AS at FROM events')?.at
  return at == null ? undefined : Date.parse(at)
}

/** The time by the answer of the authority that certificates come from. */
async function clockElsewhere(instance: Instance): Promise<number | undefined> {
  try {
    const answer = await fetch(choicesOf(instance).directory, { method: 'HEAD', signal: AbortSignal.timeout(3_000) })
    const date = Date.parse(answer.headers.get('date') ?? '')
    return Number.isNaN(date) ? undefined : date
  } catch {
    return undefined
  }
}

export const clock: Check = {
  name: 'clock',

  async look(instance) {
    const elsewhere = await clockElsewhere(instance)
    return clockFindings(Date.now(), lastEvent(instance), elsewhere)
  },
}
