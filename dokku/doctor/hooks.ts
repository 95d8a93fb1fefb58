import type { Instance } from '../instance.ts'
import { lastEvents } from '../journal.ts'
import { type Check, type Finding, ok, warning } from './check.ts'

const dayMs = 24 * 60 * 60 * 1000

/** Hooks and jobs of plugins that failed within the last day, by what was written down of them. */
export function hookFindings({ db }: Pick<Instance, 'db'>, now = Date.now()): Finding[] {
  const failed = lastEvents(db, { count: 1000 }).filter(
    ({ at, by, text }) =>
      now - Date.parse(at) < dayMs && (/\(failed: hook-(failed|late)\)/.test(text) || (by === 'cron' && /exit status [1-9]/.test(text))),
  )
  const byText = Map.groupBy(failed, ({ text }) => text.slice(0, 120))
  const found = [...byText].map(([text, of]) =>
    warning(`${text}${of.length > 1 ? `, ${of.length} times` : ''} since yesterday`, 'events shows when; plugin:list, plugin:disable NAME'),
  )
  return found.length > 0 ? found : [ok('none failed since yesterday')]
}

export const hooks: Check = { name: 'hooks', look: async (instance) => hookFindings(instance) }
