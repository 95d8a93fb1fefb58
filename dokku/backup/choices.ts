import { UserError } from '#lib/errors.ts'
import type { Instance } from '../instance.ts'
import type { Keys, Lock } from './envelope.ts'
import type { KeyKind } from './manifest.ts'

/** What opens backups from now on, as it was set; undefined while nothing was. */
export function lockOf({ properties }: Instance): Lock | undefined {
  const [passphrase, recipients] = [properties.get('backup passphrase'), properties.get('backup recipients')]
  if (recipients !== undefined) return { recipients: recipients.split(' ') }
  return passphrase === undefined ? undefined : { passphrase }
}

/** Is a backup encrypted as a whole? Where there is a lock, unless that was set otherwise. */
export function isEncrypted(instance: Instance): boolean {
  return lockOf(instance) !== undefined && instance.properties.get('backup encrypt') !== 'false'
}

/** Where backups go that name no target. */
export function usualTarget({ properties }: Instance): string {
  return properties.get('backup target') ?? 'local'
}

/**
 * How a backup carries the key of its secrets: locked where there is a lock. Without one, the backup of an app has its own key in plain, for whoever may
 * export it may read it all; that of an instance stays beside its key. UserError `no-lock` where it would leave without.
 */
export function keyKind(instance: Instance, { app, to, plainKey }: { app: boolean; to: string; plainKey: boolean }): KeyKind {
  if (plainKey) return 'plain'
  if (lockOf(instance) !== undefined) return 'wrapped'
  if (app && (to === 'local' || to === '-')) return 'plain'
  if (to === 'local') return 'none'
  throw new UserError('no-lock', 'the backup would leave this machine, and nothing locks its secrets', {
    hint: 'backup:set --global recipients age1… or passphrase PASSPHRASE; --plain-key lets everybody read them who has the backup',
  })
}

/** What may open a backup: what was typed, and what locks those of this instance. */
export function keysOf(instance: Instance, typed: string | undefined): Keys {
  const lock = lockOf(instance)
  return [...(typed === undefined ? [] : [typed]), ...(lock !== undefined && 'passphrase' in lock ? [lock.passphrase] : [])]
}
