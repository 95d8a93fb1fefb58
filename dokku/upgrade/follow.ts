import { hasStatus } from '#lib/docker.ts'
import type { Instance } from '../instance.ts'
import { record } from '../journal.ts'
import { removeSwitch } from './begin.ts'
import { readUpgrade, upgradeText } from './outcome.ts'

/** After a start: what comes of the upgrade that this is part of is written down once it is known, and what switched is removed. */
export async function followUpgrade(instance: Instance): Promise<void> {
  const { engine, settings, db } = instance
  const switching = engine.getContainer(`${settings.name}-upgrade`)
  for (;;) {
    const upgrade = await readUpgrade(settings.dataDir)
    if (upgrade === undefined) return
    try {
      const { State: state } = await switching.inspect()
      if (upgrade.outcome !== 'switching') {
        record(db, { by: upgrade.by, text: upgradeText(upgrade) })
        return await removeSwitch(instance)
      }
      if (!state.Running) await switching.start()
      await switching.wait()
    } catch (error) {
      if (hasStatus(error, 404)) return
      throw error
    }
  }
}
