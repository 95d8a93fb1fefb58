import { UserError } from '#lib/errors.ts'
import type { App } from './app.ts'
import { computedProperty } from './computed-property.ts'

/** An empty list that somebody decided on. */
const nothing = 'none'

/** Dokku's word for all process types in a list of them. */
export const everyProcess = '_all_'

/** `disabled`: the old containers end before new ones start. `skipped`: new ones serve as soon as they run. */
export type ChecksList = 'disabled' | 'skipped'

/** Numbers that say how an app is checked, where its repository does not, and what holds unless somebody sets them. */
export const checksNumbers = {
  attempts: { summary: 'how often a check is tried', usual: 3 },
  timeout: { summary: 'seconds that a try may take', usual: 5 },
  wait: { summary: 'seconds between two tries', usual: 5 },
  'default-wait': { summary: 'seconds that a process without checks has to stay up', usual: 1 },
  'wait-to-retire': { summary: 'seconds that requests in flight may take before the old container is stopped', usual: 30 },
} as const

/** Seconds, or how often. */
export function checksNumber(app: App, key: keyof typeof checksNumbers): number {
  return Number(computedProperty(app, `checks ${key}`) ?? checksNumbers[key].usual)
}

/** Whether somebody set it, for this app or all. */
export function isChecksNumberSet(app: App, key: keyof typeof checksNumbers): boolean {
  return computedProperty(app, `checks ${key}`) !== undefined
}

/** Refuses what is no number of seconds or tries: UserError `bad-checks-setting`. */
export function checkChecksNumber(text: string): void {
  if (/^\d{1,5}$/.test(text)) return
  throw new UserError('bad-checks-setting', `${JSON.stringify(text.slice(0, 20))} is not a number`, { hint: 'checks:set APP timeout 30' })
}

/** The process types of a list. */
export function checksList(app: App, list: ChecksList): string[] {
  return (app.properties.get(`checks ${list}`) ?? '').split(',').filter((one) => one !== '' && one !== nothing)
}

export function storeChecksList(app: App, list: ChecksList, processes: readonly string[]): void {
  const name = `checks ${list}`
  app.properties.set(name, processes.includes(everyProcess) ? everyProcess : [...new Set(processes)].sort().join(','))
  // Else a variable of an old Dokku would say so again.
  if (processes.length === 0 && app.properties.get(name) !== undefined) app.properties.set(name, nothing)
}

/** Is a process type on a list? */
export function isListed(app: App, list: ChecksList, process: string): boolean {
  const listed = checksList(app, list)
  return listed.includes(process) || listed.includes(everyProcess)
}
