import { once } from 'node:events'
import { messageOf } from '#lib/errors.ts'
import { output } from '#lib/output.ts'
import type { App } from '../app.ts'
import type { By } from '../by.ts'
import type { Context } from '../context.ts'
import type { Instance } from '../instance.ts'
import { record } from '../journal.ts'
import { type BackupInfo, listBackups, makeBackup, removeBackup } from './backups.ts'
import { isEncrypted, keyKind, lockOf, usualTarget } from './choices.ts'
import type { Leavable } from './collect.ts'
import { backupTarget } from './targets/targets.ts'

export interface Asked {
  app: App | undefined
  /** A target, or `-`; else where backups usually go. */
  to: string | undefined
  without: readonly Leavable[]
  plainKey: boolean
}

/** Makes a backup as a command asks for it. What it says goes to standard error where the backup is standard output. */
export async function createBackup(context: Context, asked: Asked): Promise<BackupInfo> {
  const { instance, session, identity } = context
  const { stderr, stdout, closed } = session
  const aside = (text: string) => void stderr.write(text)
  const by: By = { user: identity.name, output: asked.to === '-' ? output(aside, aside) : context.output, signal: closed }
  const info = await backUp(instance, asked, by, stdout)
  if (asked.to === '-' && stdout.writableNeedDrain) await once(stdout, 'drain')
  return info
}

/** A backup that a schedule asked for: of the whole instance, and no more of those are kept than was said. */
export async function backUpOnSchedule(instance: Instance, by: By): Promise<BackupInfo> {
  const target = backupTarget(instance, undefined)
  const info = await backUp(instance, { app: undefined, to: undefined, without: [], plainKey: false }, by)
  const kept = Number(instance.properties.get('backup keep') ?? 7)
  for (const old of (await listBackups(target)).filter(({ app }) => app === null).slice(kept)) {
    await removeBackup(target, old)
    by.output.detail(`${old.name} is removed: ${kept} are kept`)
  }
  return info
}

async function backUp(
  instance: Instance,
  { app, to, without, plainKey }: Asked,
  by: By,
  stdout?: NodeJS.WritableStream,
): Promise<BackupInfo> {
  const where = to ?? usualTarget(instance)
  const key = keyKind(instance, { app: app !== undefined, to: where, plainKey })
  if (key === 'none')
    by.output.warn(
      'The backup carries no key: it opens on this volume only. backup:set --global recipients or passphrase lets it carry one',
    )
  const lock = lockOf(instance)
  by.output.step(`Backing up ${app?.name ?? `the instance ${instance.settings.name}`}`)
  const scope = { app, without: new Set(without), key, lock }
  const target = where === '-' && stdout !== undefined ? stdout : backupTarget(instance, where)
  const of = { by: by.user, ...(app === undefined ? {} : { app: app.name }) }
  try {
    const info = await makeBackup(instance, { scope, encrypt: isEncrypted(instance) && !plainKey, to: target }, by)
    if (app === undefined && where !== '-')
      instance.properties.set('backup last', JSON.stringify({ at: info.finishedAt, name: info.name, target: where }))
    return info
  } catch (error) {
    record(instance.db, { ...of, text: `the backup to ${where} failed: ${messageOf(error).split('\n')[0]}` })
    throw error
  }
}
