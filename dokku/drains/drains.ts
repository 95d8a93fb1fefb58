import * as z from 'zod'
import { UserError } from '#lib/errors.ts'
import type { App } from '../app.ts'
import type { Instance } from '../instance.ts'
import { maskedUrl } from './drain-url.ts'

const row = z
  .object({
    id: z.number(),
    app_id: z.number().nullable(),
    url: z.string(),
    inner: z.number(),
    created_at: z.string(),
    delivered: z.number(),
    dropped: z.number(),
  })
  .transform(({ app_id, created_at, inner, ...rest }) => ({ ...rest, appId: app_id, createdAt: created_at, inner: inner === 1 }))

/** Where the lines of an app, or of all of them, go. */
export type Drain = z.output<typeof row>

const columns = 'id, app_id, unseal(url) AS url, inner, created_at, delivered, dropped'

/** All there are, in the order in which they were made. */
export function allDrains({ db }: Pick<Instance, 'db'>): Drain[] {
  return db.all(row, `SELECT ${columns} FROM drains ORDER BY id`)
}

/** Those of an app; without one, those that every app has. */
export function drainsOf(instance: Pick<Instance, 'db'>, app: App | undefined): Drain[] {
  return allDrains(instance).filter(({ appId }) => appId === (app?.id ?? null))
}

/** Makes one, for lines from now on; `inner`: it may be in a private network. UserError `drain-exists`. */
export function addDrain(instance: Pick<Instance, 'db'>, app: App | undefined, { url, inner }: { url: string; inner: boolean }): Drain {
  if (drainsOf(instance, app).some((one) => one.url === url))
    throw new UserError('drain-exists', `lines of ${app?.name ?? 'every app'} go to ${maskedUrl(url)} already`, {
      hint: 'drains:list shows them',
    })
  const { lastId } = instance.db.run(
    'INSERT INTO drains (app_id, url, inner, created_at) VALUES (?, seal(?), ?, ?)',
    app?.id ?? null,
    url,
    inner ? 1 : 0,
    new Date().toISOString(),
  )
  return findDrain(instance, app, String(lastId))
}

/** By its number, or by its URL. UserError `no-such-drain`. */
export function findDrain(instance: Pick<Instance, 'db'>, app: App | undefined, word: string): Drain {
  const found = drainsOf(instance, app).find(({ id, url }) => String(id) === word || url === word || maskedUrl(url) === word)
  if (found !== undefined) return found
  throw new UserError(
    'no-such-drain',
    `${app?.name ?? 'every app together'} has no drain ${JSON.stringify(maskedUrl(word).slice(0, 80))}`,
    {
      hint: `drains:list ${app?.name ?? '--global'}`,
    },
  )
}

export function removeDrain({ db }: Pick<Instance, 'db'>, { id }: Pick<Drain, 'id'>): void {
  db.run('DELETE FROM drains WHERE id = ?', id)
}

const position = z.object({ container: z.string(), time: z.string() })

/** By container, the time of the last line that a drain is done with. */
export function positionsOf({ db }: Pick<Instance, 'db'>, { id }: Pick<Drain, 'id'>): Map<string, string> {
  return new Map(
    db.all(position, 'SELECT container, time FROM drain_positions WHERE drain_id = ?', id).map((one) => [one.container, one.time]),
  )
}

/** Stores how far a drain is, and what was counted since; of one that was removed nothing. */
export function storeProgress(
  { db }: Pick<Instance, 'db'>,
  { id }: Pick<Drain, 'id'>,
  positions: ReadonlyMap<string, string>,
  { delivered, dropped }: { delivered: number; dropped: number },
): void {
  db.tx(() => {
    if (db.run('UPDATE drains SET delivered = delivered + ?, dropped = dropped + ? WHERE id = ?', delivered, dropped, id).changes === 0)
      return
    for (const [container, time] of positions)
      db.run('INSERT OR REPLACE INTO drain_positions (drain_id, container, time) VALUES (?, ?, ?)', id, container, time)
  })
}

/** Forgets how far drains were with containers that are gone. */
export function forgetPositions({ db }: Pick<Instance, 'db'>, there: ReadonlySet<string>): void {
  const known = db.all(z.object({ container: z.string() }), 'SELECT DISTINCT container FROM drain_positions')
  for (const { container } of known) if (!there.has(container)) db.run('DELETE FROM drain_positions WHERE container = ?', container)
}
