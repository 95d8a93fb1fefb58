import { z } from 'zod'
import type { Database } from '#lib/database.ts'

/** Settings by their names, GROUP KEY. */
export interface Properties {
  get(name: string): string | undefined
  /** An empty value clears the property, as in Dokku. */
  set(name: string, value: string): void
}

const row = z.object({ value: z.string() })

/** The settings of every app that has none of its own. */
export function globalProperties(db: Database): Properties {
  return {
    get: (name) => db.get(row, 'SELECT value FROM global_properties WHERE name = ?', name)?.value,
    set: (name, value) => {
      if (value === '') db.run('DELETE FROM global_properties WHERE name = ?', name)
      else db.run('INSERT OR REPLACE INTO global_properties (name, value) VALUES (?, ?)', name, value)
    },
  }
}
