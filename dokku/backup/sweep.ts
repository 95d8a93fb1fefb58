import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Instance } from '../instance.ts'
import { forgetRestore } from './restore-instance.ts'
import { sweepPins } from './saved-images.ts'
import { sweepScratches } from './scratch.ts'

/** Removes what backups and restores left that came to no end; only for the start, while none runs. */
export async function sweepBackups(instance: Instance): Promise<void> {
  const { engine, image, session, settings } = instance
  try {
    for (const name of await readdir(settings.dataDir))
      if (name.startsWith('.backup-')) await rm(join(settings.dataDir, name), { recursive: true, force: true })
    await sweepPins(instance)
    await sweepScratches(instance)
    await forgetRestore({ engine, image, session, name: settings.name }, settings.dataDir)
  } catch (error) {
    instance.log.error({ err: error }, 'what a backup left could not be removed')
  }
}
