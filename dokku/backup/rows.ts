import * as z from 'zod'
import type { Database } from '#lib/database.ts'

/** What an instance is, and not what happens to it. */
const tables = [
  'apps',
  'releases',
  'config',
  'formation',
  'domains',
  'certificates',
  'docker_options',
  'drains',
  'users',
  'grants',
  'ssh_keys',
  'tokens',
]

const counted = z.object({ rows: z.number() })

/** How many rows there are of everything that makes up an instance, by table. */
export function countRows(db: Database): Record<string, number> {
  return Object.fromEntries(tables.map((table) => [table, db.get(counted, `SELECT count(*) AS rows FROM ${table}`)?.rows ?? 0]))
}
