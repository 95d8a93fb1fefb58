import type { Docker } from '#lib/docker.ts'
import { withControl } from './buildkit/control.ts'
import { encode, fields, raw, text } from './buildkit/protobuf.ts'

/** A record of BuildKit's cache: the result of a step, a pulled layer, or a tree that was sent. */
export interface CacheRecord {
  id: string
  bytes: number
  /** Milliseconds since 1970, by the engine's clock. */
  createdAt: number
  /** The same; when it was made, for one never used since. */
  usedAt: number
  /** Records it lies on; none of them can go before it. */
  parents: string[]
  inUse: boolean
  /** What BuildKit says of it: the step it is the result of, or where it was mounted. */
  description: string
  /** An image holds the same bytes, so its going frees nothing. */
  shared: boolean
}

/** All records of the engine's BuildKit, whoever made them. The engine may take seconds to measure new ones. */
export async function listCache(engine: Docker): Promise<CacheRecord[]> {
  return await withControl(engine, async (control) => {
    const records: CacheRecord[] = []
    for await (const answer of control('DiskUsage', encode([])))
      for (const { number, value } of fields(answer)) if (number === 1) records.push(decodeRecord(raw(value)))
    return records
  })
}

/** Removes these records and no others; those in use, or below a record that stays, stay. Answers the bytes that came free. */
export async function pruneCache(engine: Docker, ids: readonly string[]): Promise<number> {
  // Without a filter the engine would take everything.
  if (ids.length === 0) return 0
  const strange = ids.find((id) => !/^[a-z0-9]+$/i.test(id))
  if (strange !== undefined) throw new Error(`${JSON.stringify(strange)} is not the id of a cache record`)
  const all = 2
  return await withControl(engine, async (control) => {
    let freed = 0
    for await (const record of control('Prune', encode([...ids.map((id): [number, string] => [1, `id==${id}`]), [all, 1]])))
      freed += decodeRecord(record).bytes
    return freed
  })
}

/** UsageRecord of BuildKit's control.proto; before Engine 23 there is one parent, in a field of its own. */
export function decodeRecord(message: Uint8Array): CacheRecord {
  const record: CacheRecord = { id: '', description: '', bytes: 0, createdAt: 0, usedAt: 0, parents: [], inUse: false, shared: false }
  for (const { number, value } of fields(message)) {
    if (number === 1) record.id = text(value)
    else if (number === 3) record.inUse = value === 1
    else if (number === 4) record.bytes = Number(value)
    else if (number === 5 || number === 12) record.parents.push(text(value))
    else if (number === 6) record.createdAt = milliseconds(raw(value))
    else if (number === 7) record.usedAt = milliseconds(raw(value))
    else if (number === 9) record.description = text(value)
    else if (number === 11) record.shared = value === 1
  }
  return { ...record, usedAt: Math.max(record.usedAt, record.createdAt), parents: record.parents.filter((id) => id !== '') }
}

/** protobuf's Timestamp: seconds and nanoseconds. */
function milliseconds(message: Uint8Array): number {
  let time = 0
  for (const { number, value } of fields(message)) time += Number(value) * (number === 1 ? 1000 : 1e-6)
  return time
}
