import * as z from 'zod'
import type { Database } from '#lib/database.ts'

/** What control owes: it outlives a crash, because it is stored in the transaction that makes it due. */
export type Pledge = 'entered' | 'images of a former app:' | 'repository of a former app:'

const row = z.object({ key: z.string(), value: z.string() })

export function pledge(db: Database, what: Pledge, key: string, value = key): void {
  db.run('INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)', `${what} ${key}`, value)
}

export function pledged(db: Database, what: Pledge): { key: string; value: string }[] {
  const prefix = `${what} `
  return db.all(
    row,
    'SELECT substr(name, ?) AS key, value FROM facts WHERE substr(name, 1, ?) = ?',
    prefix.length + 1,
    prefix.length,
    prefix,
  )
}

export function redeem(db: Database, what: Pledge, key: string): void {
  db.run('DELETE FROM facts WHERE name = ?', `${what} ${key}`)
}
