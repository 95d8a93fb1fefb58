import { z } from 'zod'
import type { Properties } from './global-properties.ts'

const list = z.array(z.string())
const property = 'config secret'

/** Whose config vars they are: an app's, or, of an instance, those that every app has. */
interface Owner {
  readonly properties: Properties
}

/** The names of the config vars whose values no list shows. A name stays marked while there is no var of it: a rollback may bring it back. */
export function secretVarsOf({ properties }: Owner): ReadonlySet<string> {
  return new Set(list.parse(JSON.parse(properties.get(property) ?? '[]')))
}

/** Marks names, or takes the mark from them. */
export function markSecretVars(owner: Owner, names: readonly string[], secret: boolean): void {
  const others = [...secretVarsOf(owner)].filter((name) => !names.includes(name))
  const all = [...others, ...(secret ? names : [])].sort()
  owner.properties.set(property, all.length === 0 ? '' : JSON.stringify(all))
}

/** What stands for the value of a secret. */
export const hiddenValue = '********'

/** Config vars as they may be shown. */
export function shownVars(vars: Readonly<Record<string, string>>, secret: ReadonlySet<string>): Record<string, string> {
  return Object.fromEntries(Object.entries(vars).map(([key, value]) => [key, secret.has(key) ? hiddenValue : value]))
}
