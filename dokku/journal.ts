import * as z from 'zod'
import type { Database } from '#lib/database.ts'

/** How many events are kept. */
const kept = 10_000

const eventRow = z.object({ id: z.number(), at: z.string(), app: z.string().nullable(), by: z.string(), text: z.string() })

/** Something that happened, as `events` shows it. */
export type JournalEvent = z.infer<typeof eventRow>

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
}

/** The last events, oldest first; of one app, or of all. */
export function lastEvents(db: Database, options: { app?: string; count: number }): JournalEvent[] {
  const { app = null, count } = options
  return db.all(eventRow, 'SELECT * FROM events WHERE ?1 IS NULL OR app = ?1 ORDER BY id DESC LIMIT ?2', app, count).reverse()
}
