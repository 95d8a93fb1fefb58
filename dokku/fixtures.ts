import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, open } from '#lib/database.ts'
import { newSealKey } from '#lib/seal.ts'
import { crashes } from './crashes.ts'
import { globalProperties } from './global-properties.ts'
import type { Instance } from './instance.ts'
import { keyedQueue } from './locks.ts'
import { type Sealing, sealFunctions } from './secrets/sealing.ts'
import { readSettings } from './settings.ts'

/** A key that seals, a new one unless one is given. */
export function newSealing(key = newSealKey()): Sealing {
  return { ring: { keys: new Map([[key.id, key]]), given: undefined, folder: '/nowhere' }, current: key }
}

/** A database in memory with the newest schema, for tests of what only touches state. */
export function emptyDatabase(): Database {
  const db = open(':memory:', sealFunctions(newSealing()))
  const dir = join(import.meta.dirname, 'migrations')
  const files = readdirSync(dir).filter((name) => name.endsWith('.sql'))
  for (const name of files.sort()) db.script(readFileSync(join(dir, name), 'utf8'))
  return db
}

/** An instance of which only the state is real, and what a test adds; whatever else a test touches is an error that names it. */
export function stateOnly(env: Record<string, string> = {}, more: Partial<Instance> = {}): Instance {
  const db = more.db ?? emptyDatabase()
  const real = {
    settings: readSettings(env),
    db,
    properties: globalProperties(db),
    fire: async () => {},
    collect: async () => [],
    select: async () => undefined,
    repositories: { ensure: async (id: string) => id },
    builds: new Map(),
    inOrder: keyedQueue(),
    renewals: { poke: () => {} },
    crashes: crashes(),
    ...more,
  }
  return new Proxy(real as unknown as Instance, {
    get(target, key) {
      if (key in target) return Reflect.get(target, key)
      throw new Error(`a test of state touched instance.${String(key)}`)
    },
  })
}
