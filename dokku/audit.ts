import { createHash } from 'node:crypto'
import * as z from 'zod'
import type { Database } from '#lib/database.ts'

/** How many entries are kept: some 60 MB. */
const kept = 200_000

/** By which way somebody came in. */
export type Door = 'ssh' | 'host' | 'http' | 'webhook' | 'plugin'

/** A command or push, as it ended. */
export interface Entry {
  by: string
  /** What they came in by: `key SHA256:…`, `token ci`, `host`. */
  credential: string
  door: Door
  app?: string | undefined
  /** The command line, without what is secret. */
  text: string
  status: number
  /** The code of the failure, where there was one. */
  error?: string | undefined
  /** The version of the release that it made. */
  release?: number | undefined
}

const row = z.object({
  id: z.number(),
  at: z.string(),
  by: z.string(),
  credential: z.string(),
  door: z.string(),
  app: z.string().nullable(),
  text: z.string(),
  status: z.number(),
  error: z.string().nullable(),
  release: z.number().nullable(),
  hash: z.string(),
})

/** An entry of the audit trail; its hash covers the hash of the one before it. */
export type AuditEntry = z.infer<typeof row>

const fact = z.object({ value: z.string() })
const highest = z.object({ seq: z.number() })
const start = '0'.repeat(64)

/** Adds an entry at the end of the trail. */
export function appendAudit(db: Database, entry: Entry): void {
  db.tx(() => {
    const last = lastEntry(db)
    const added = {
      id: (last?.id ?? 0) + 1,
      at: new Date().toISOString(),
      by: entry.by,
      credential: entry.credential,
      door: entry.door,
      app: entry.app ?? null,
      text: entry.text,
      status: entry.status,
      error: entry.error ?? null,
      release: entry.release ?? null,
    }
    const { id, at, by, credential, door, app, text, status, error, release } = added
    const hash = hashOf(last?.hash ?? start, added)
    db.run(
      'INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      id,
      at,
      by,
      credential,
      door,
      app,
      text,
      status,
      error,
      release,
      hash,
    )
    if (id % 1000 === 0 && id > kept) drop(db, id - kept)
  })
}

/** Forgets the entries up to this one, but not its hash. */
function drop(db: Database, upTo: number): void {
  const last = db.get(row, 'SELECT * FROM audit WHERE id = ?', upTo)
  if (last === undefined) return
  db.run("INSERT OR REPLACE INTO facts (name, value) VALUES ('audit dropped', ?), ('audit dropped hash', ?)", String(upTo), last.hash)
  db.run('DELETE FROM audit WHERE id <= ?', upTo)
}

export interface AuditQuery {
  app?: string | undefined
  by?: string | undefined
  count: number
}

/** The last entries, oldest first. */
export function lastAudit(db: Database, { app, by, count }: AuditQuery): AuditEntry[] {
  const where = '(?1 IS NULL OR app = ?1) AND (?2 IS NULL OR by = ?2)'
  return db.all(row, `SELECT * FROM audit WHERE ${where} ORDER BY id DESC LIMIT ?3`, app ?? null, by ?? null, count).reverse()
}

/** How the trail is: whole, with the hash at its end, or broken at an entry. */
export type AuditState = { entries: number; dropped: number; head: string } | { brokenAt: number; why: string }

/** Computes every hash of the trail again. */
export function verifyAudit(db: Database): AuditState {
  const dropped = Number(factOf(db, 'audit dropped') ?? 0)
  let head = factOf(db, 'audit dropped hash') ?? start
  let last = dropped
  for (;;) {
    const page = db.all(row, 'SELECT * FROM audit WHERE id > ? ORDER BY id LIMIT 1000', last)
    if (page.length === 0) break
    for (const { hash, ...entry } of page) {
      if (entry.id !== last + 1) return { brokenAt: last + 1, why: 'it is missing' }
      if (hashOf(head, entry) !== hash) return { brokenAt: entry.id, why: 'it, or one before it, was changed' }
      head = hash
      last = entry.id
    }
  }
  const written = db.get(highest, "SELECT seq FROM sqlite_sequence WHERE name = 'audit'")?.seq ?? 0
  if (written > last) return { brokenAt: last + 1, why: 'it is missing' }
  return { entries: last - dropped, dropped, head }
}

function lastEntry(db: Database): Pick<AuditEntry, 'id' | 'hash'> | undefined {
  const last = db.get(row, 'SELECT * FROM audit ORDER BY id DESC LIMIT 1')
  if (last !== undefined) return last
  const dropped = factOf(db, 'audit dropped hash')
  return dropped === undefined ? undefined : { id: Number(factOf(db, 'audit dropped')), hash: dropped }
}

function hashOf(before: string, { id, at, by, credential, door, app, text, status, error, release }: Omit<AuditEntry, 'hash'>): string {
  const words = JSON.stringify([id, at, by, credential, door, app, text, status, error, release])
  return createHash('sha256').update(`${before}\n${words}`).digest('hex')
}

function factOf(db: Database, name: string): string | undefined {
  return db.get(fact, 'SELECT value FROM facts WHERE name = ?', name)?.value
}
