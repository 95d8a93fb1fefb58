import * as z from 'zod'
import { type CacheRecord, listCache, pruneCache } from '#builder'
import type { Instance } from './instance.ts'

const row = z.object({ record: z.string() })

/** Milliseconds since 1970 between which a build of ours ran. */
export interface Span {
  from: number
  to: number
}

/** Remembers the records that came with a build of ours, then prunes what of ours is too much; in the background, never an error. */
export async function trimCache(instance: Instance, span: Span): Promise<void> {
  const { db, engine, settings, log } = instance
  await instance
    .inOrder('build-cache', async () => {
      const records = await listCache(engine)
      const ours = db.tx(() => {
        for (const { id, createdAt } of records)
          if (createdAt >= span.from && createdAt <= span.to) db.run('INSERT OR IGNORE INTO build_cache (record) VALUES (?)', id)
        const existing = new Set(records.map(({ id }) => id))
        const known = db.all(row, 'SELECT record FROM build_cache').map(({ record }) => record)
        for (const id of known) if (!existing.has(id)) db.run('DELETE FROM build_cache WHERE record = ?', id)
        return new Set(known.filter((id) => existing.has(id)))
      })
      const doomed = surplus(records, ours, settings.buildCache)
      if (doomed.length === 0) return
      const bytes = await pruneCache(engine, doomed)
      log.info({ records: doomed.length, bytes }, 'build cache pruned')
    })
    .catch((error: unknown) => log.warn({ err: error }, 'the build cache could not be kept within its size'))
}

/**
 * Which of our records go so that ours are at most so many bytes (0: no limit): those longest unused first, and what lies
 * on a record before it. What an image shares frees nothing and does not count; what is in use, or below another's, stays.
 */
export function surplus(records: readonly CacheRecord[], ours: ReadonlySet<string>, limit: number): string[] {
  const mine = records.filter(({ id, shared }) => ours.has(id) && !shared)
  let bytes = mine.reduce((sum, record) => sum + record.bytes, 0)
  if (limit === 0 || bytes <= limit) return []
  const usedAt = lastUses(records, new Set(mine))
  const candidates = mine
    .map((record) => ({ ...record, usedAt: usedAt(record) }))
    .filter((record) => record.usedAt !== Number.POSITIVE_INFINITY)
    .sort((a, b) => a.usedAt - b.usedAt || b.createdAt - a.createdAt)
  const doomed: string[] = []
  for (const record of candidates) {
    if (bytes <= limit) break
    bytes -= record.bytes
    doomed.push(record.id)
  }
  return doomed
}

/** When a record was last used, itself or by what lies on it; infinite when it cannot go. */
function lastUses(records: readonly CacheRecord[], removable: ReadonlySet<CacheRecord>) {
  const above = new Map<string, CacheRecord[]>()
  for (const record of records) for (const id of record.parents) above.set(id, [...(above.get(id) ?? []), record])
  const known = new Map<string, number>()
  return function lastUse(record: CacheRecord): number {
    const found = known.get(record.id)
    if (found !== undefined) return found
    const use =
      record.inUse || !removable.has(record)
        ? Number.POSITIVE_INFINITY
        : (above.get(record.id) ?? []).reduce((latest, one) => Math.max(latest, lastUse(one)), record.usedAt)
    known.set(record.id, use)
    return use
  }
}
