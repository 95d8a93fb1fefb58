import { readdir, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { copyDatabase } from '#lib/backup.ts'

/** A copy of the database, beside it: one of the last backups, or what it was before a migration. */
export interface Copy {
  name: string
  path: string
  kind: 'backup' | 'before'
  /** Counts the backups, or names the migration: a clock that is set does not change which is newer. */
  number: number
  bytes: number
  takenAt: Date
}

/** How many of each kind stay. */
const kept = { backup: 3, before: 2 } as const

const hourMs = 60 * 60 * 1000

/** The copies of a database: backups, newest first, then those from before migrations. */
export async function listCopies(database: string): Promise<Copy[]> {
  const copies: Copy[] = []
  for (const name of await readdir(dirname(database))) {
    const [, of, kind, number] = /^(.+)\.(backup|before)-(\d{4,})$/.exec(name) ?? []
    if (of !== basename(database) || (kind !== 'backup' && kind !== 'before')) continue
    const path = join(dirname(database), name)
    const { size, mtime } = await stat(path)
    copies.push({ name, path, kind, number: Number(number), bytes: size, takenAt: mtime })
  }
  return copies.sort((a, b) => a.kind.localeCompare(b.kind) || b.number - a.number)
}

/** Makes a backup when one is due, and forgets the oldest copies. Answers whether it did. */
export async function backUp(database: string, now = Date.now()): Promise<boolean> {
  const backups = (await listCopies(database)).filter(({ kind }) => kind === 'backup')
  const due = isDue(backups, now)
  if (due) await copyDatabase(database, `${database}.backup-${String((backups[0]?.number ?? 0) + 1).padStart(4, '0')}`)
  await prune(database)
  return due
}

/** Daily, and hourly until there are enough: a young instance changes most. A clock that was set makes one too many, never none. */
function isDue(backups: readonly Copy[], now: number): boolean {
  const age = Math.abs(now - (backups[0]?.takenAt.getTime() ?? 0))
  return age > (backups.length < kept.backup ? hourMs : 24 * hourMs)
}

async function prune(database: string): Promise<void> {
  const copies = await listCopies(database)
  for (const kind of ['backup', 'before'] as const)
    for (const { path } of copies.filter((copy) => copy.kind === kind).slice(kept[kind])) await rm(path)
}

/** Makes backups as long as control runs; one that cannot be made is logged and tried again within the hour. */
export function keepBackups(database: string, failed: (error: unknown) => void): { close(): void } {
  const attempt = () => void backUp(database).catch(failed)
  attempt()
  const timer = setInterval(attempt, hourMs)
  return { close: () => clearInterval(timer) }
}
