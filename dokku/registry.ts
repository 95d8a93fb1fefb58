import * as z from 'zod'
import { parseReference, type Registries } from '#builder'
import type { Database } from '#lib/database.ts'
import { UserError } from '#lib/errors.ts'
import type { App } from './app.ts'

const fact = z.object({ name: z.string(), value: z.string() })
const login = z.object({ username: z.string(), password: z.string() })
const logins = z.record(z.string(), login)

/** Who the instance, or an app, is at registries, by their hosts. */
export type Logins = z.output<typeof logins>

const everywhere = 'registry logins'
const property = 'registry logins'

/** The logins of an app, or those of the instance without one. */
export function loginsOf(db: Database, app?: App): Logins {
  const stored =
    app === undefined
      ? db.get(fact, 'SELECT name, unseal(value) AS value FROM facts WHERE name = ?', everywhere)?.value
      : app.properties.get(property)
  return logins.parse(JSON.parse(stored ?? '{}'))
}

/** Keeps a login; without one, that of the host is forgotten. Answers whether there was one. */
export function storeLogin(db: Database, app: App | undefined, host: string, given: z.output<typeof login> | undefined): boolean {
  return db.tx(() => {
    const { [host]: before, ...others } = loginsOf(db, app)
    const all = given === undefined ? others : { ...others, [host]: given }
    const text = Object.keys(all).length === 0 ? '' : JSON.stringify(all)
    if (app !== undefined) app.properties.set(property, text)
    else if (text === '') db.run('DELETE FROM facts WHERE name = ?', everywhere)
    else db.run('INSERT OR REPLACE INTO facts (name, value) VALUES (?, seal(?))', everywhere, text)
    return before !== undefined
  })
}

/** The name of an image, checked; UserError `bad-image-name`. */
export function checkImageName(text: string): string {
  parseReference(text)
  return text
}

/** The same of a name that gets its tag from us: it has none, and no digest. */
export function checkRepository(text: string): void {
  if (parseReference(text).name !== `${text}:latest`)
    throw new UserError('bad-image-name', `${JSON.stringify(text.slice(0, 100))} has a tag: releases are pushed under their versions`, {
      hint: 'my-org/my-app',
    })
}

/** Who an app is at a registry: its own login, else the instance's. */
export function registriesOf(app: App): Registries {
  const all: Logins = { ...loginsOf(app.instance.db), ...loginsOf(app.instance.db, app) }
  return (host) => (Object.hasOwn(all, host) ? all[host] : undefined)
}
