import { readUpgrade, type Upgrade, upgradeText } from '../upgrade/outcome.ts'
import { version } from '../version.ts'
import { type Check, type Finding, ok, warning, wrong } from './check.ts'

/** What came of the last upgrade, if it still matters. */
export function upgradeFindings(last: Upgrade | undefined, running: string): Finding[] {
  if (last?.outcome === 'kept' && last.to.version === running) return [wrong(upgradeText(last), 'doctor parts says what is down')]
  if (last?.outcome === 'returned' && last.from.version === running)
    return [warning(upgradeText(last), `upgrade ${last.to.version} tries again`)]
  return [ok(`dokku ${running}`)]
}

export const upgrade: Check = {
  name: 'upgrade',
  look: async ({ settings }) => upgradeFindings(await readUpgrade(settings.dataDir), version),
}
