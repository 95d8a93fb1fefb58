import { EventEmitter, once } from 'node:events'
import * as z from 'zod'
import type { Database } from '#lib/database.ts'

/** How many events are kept. */
const kept = 10_000

const eventRow = z.object({ id: z.number(), at: z.string(), app: z.string().nullable(), by: z.string(), text: z.string() })

/** Something that happened, as `events` shows it. */
export type JournalEvent = z.infer<typeof eventRow>

const written = new EventEmitter().setMaxListeners(0)

/** Writes down what happened; `by` is a user's name, or dokku where nobody asked for it. */
export function record(db: Database, event: { app?: string; by: string; text: string }): void {
  db.tx(() => {
    const { lastId } = db.run(
      'INSERT INTO events (at, app, by, text) VALUES (?, ?, ?, ?)',
      new Date().toISOString(),
      event.app ?? null,
      event.by,
      event.text,
    )
    db.run('DELETE FROM events WHERE id <= ?', lastId - kept)
  })
  written.emit('event')
}

/** The same, unless it is what was last written about the app: said once, however often it is found again. */
export function recordOnce(db: Database, event: { app: string; by: string; text: string }): void {
  if (lastEvents(db, { apps: [event.app], count: 1 })[0]?.text !== event.text) record(db, event)
}

/** Which events: of these apps, or of everything. */
export interface Wanted {
  apps?: readonly string[] | undefined
  count: number
}

const ofApps = '(?1 IS NULL OR app IN (SELECT value FROM json_each(?1)))'

/** The last events, oldest first. */
export function lastEvents(db: Database, { apps, count }: Wanted): JournalEvent[] {
  return db.all(eventRow, `SELECT * FROM events WHERE ${ofApps} ORDER BY id DESC LIMIT ?2`, json(apps), count).reverse()
}

/** The last events, and then each new one as it comes, until the signal. */
export async function* followEvents(db: Database, { apps, count }: Wanted, signal: AbortSignal): AsyncGenerator<JournalEvent> {
  let last = lastEvents(db, { count: 1 })[0]?.id ?? 0
  yield* lastEvents(db, { apps, count })
  while (!signal.aborted) {
    // Who is woken reads after the transaction that wrote, so what was rolled back is never shown.
    const more = once(written, 'event', { signal }).catch(() => undefined)
    for (const event of db.all(eventRow, `SELECT * FROM events WHERE id > ?2 AND ${ofApps} ORDER BY id`, json(apps), last)) {
      last = event.id
      yield event
    }
    await more
  }
}

function json(apps: readonly string[] | undefined): string | null {
  return apps === undefined ? null : JSON.stringify(apps)
}
