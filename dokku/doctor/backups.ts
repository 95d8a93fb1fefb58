import { backupReport, lateSince } from '../backup/schedule.ts'
import { type Check, type Finding, ok, warning, wrong } from './check.ts'

/** How backups go, as `backup:report` has it, and since when one is due. */
export function backupFindings(report: Record<string, string>, late: Date | undefined): Finding[] {
  const { schedule = 'off', 'last-failure': failed = '', 'last-proof-failure': unproved = '', last = 'never' } = report
  const found = [
    ...(failed === '' ? [] : [wrong(`the last backup on schedule failed, ${failed}`, 'backup:create tries again')]),
    ...(unproved === '' ? [] : [wrong(`the last proof of a backup failed, ${unproved}`, 'backup:info NAME says what was found')]),
    ...(late === undefined
      ? []
      : [warning(`no backup was made since one was due at ${late.toISOString()}`, 'backup:create makes one now')]),
  ]
  if (found.length > 0) return found
  return [ok(schedule === 'off' ? 'no backups are scheduled: backup:schedule daily has them made' : `the last backup: ${last}`)]
}

export const backups: Check = {
  name: 'backups',
  look: async (instance) => backupFindings(await backupReport(instance), lateSince(instance)),
}
