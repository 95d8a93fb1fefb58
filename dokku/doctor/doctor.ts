import { messageOf } from '#lib/errors.ts'
import type { Instance } from '../instance.ts'
import { backups } from './backups.ts'
import { certificates } from './certificates.ts'
import { type Check, type Finding, unknown } from './check.ts'
import { clock } from './clock.ts'
import { disk } from './disk.ts'
import { dns } from './dns.ts'
import { drift } from './drift.ts'
import { engine } from './engine.ts'
import { hooks } from './hooks.ts'
import { logs } from './logs.ts'
import { memory } from './memory.ts'
import { orphans } from './orphans.ts'
import { parts } from './parts.ts'
import { ports } from './ports.ts'
import { upgrade } from './upgrade.ts'

/** Everything that is looked at, what matters most first. */
export const checks: readonly Check[] = [
  parts,
  drift,
  disk,
  memory,
  certificates,
  backups,
  upgrade,
  clock,
  dns,
  engine,
  ports,
  orphans,
  hooks,
  logs,
]

const patienceMs = 20_000

/** What is found wrong with an instance and the machine below it; a check that cannot look says so, and holds up no other. */
export async function diagnose(
  instance: Instance,
  wanted: readonly Check[] = checks,
): Promise<{ check: string; findings: readonly Finding[] }[]> {
  return await Promise.all(wanted.map(async (one) => ({ check: one.name, findings: await within(one, instance) })))
}

async function within(check: Check, instance: Instance): Promise<readonly Finding[]> {
  const late = AbortSignal.timeout(patienceMs)
  const waited = new Promise<never>((_, reject) => {
    late.addEventListener('abort', () => reject(new Error(`it took longer than ${patienceMs / 1000} s`)), { once: true })
  })
  try {
    return await Promise.race([check.look(instance), waited])
  } catch (error) {
    return [unknown(`could not be looked at: ${messageOf(error).split('\n')[0]}`, `docker logs ${instance.settings.name} may say more`)]
  }
}
