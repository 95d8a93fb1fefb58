import { z } from 'zod'
import type { Database } from '#lib/database.ts'
import { oldValue } from './old-variables.ts'
import { slot } from './secrets/sealing.ts'
import { together } from './together.ts'

/** Settings by their names, GROUP KEY. */
export interface Properties {
  get(name: string): string | undefined
  /** An empty value clears the property, as in Dokku. */
  set(name: string, value: string): void
}

const row = z.object({ value: z.string() })
const named = z.object({ name: z.string(), value: z.string() })

/** The settings of every app that has none of its own. */
export function globalProperties(db: Database): Properties {
  return {
    get(name) {
      const all = together(
        'global properties',
        () => new Map(db.all(named, 'SELECT name, unseal(value) AS value FROM global_properties').map((one) => [one.name, one.value])),
      )
      return all === undefined
        ? db.get(row, 'SELECT unseal(value) AS value FROM global_properties WHERE name = ?', name)?.value
        : all.get(name)
    },
    set: (name, value) => {
      if (value === '') db.run('DELETE FROM global_properties WHERE name = ?', name)
      else db.run(`INSERT OR REPLACE INTO global_properties (name, value) VALUES (?, ${slot(name, value)})`, name, value)
    },
  }
}

const ofApp = z.object({ app_id: z.number(), name: z.string(), value: z.string() })

/** One setting of an app. */
export function appProperty(db: Database, app: number, name: string): string | undefined {
  const all = together('properties', () => byApp(db))
  const own =
    all === undefined
      ? db.get(row, 'SELECT unseal(value) AS value FROM properties WHERE app_id = ? AND name = ?', app, name)?.value
      : all.get(app)?.get(name)
  return (
    own ?? oldValue(name, (key) => db.get(row, 'SELECT unseal(value) AS value FROM config WHERE app_id = ? AND key = ?', app, key)?.value)
  )
}

function byApp(db: Database): Map<number, Map<string, string>> {
  const rows = Map.groupBy(db.all(ofApp, 'SELECT app_id, name, unseal(value) AS value FROM properties'), ({ app_id }) => app_id)
  return new Map([...rows].map(([app, of]) => [app, new Map(of.map(({ name, value }) => [name, value]))]))
}
