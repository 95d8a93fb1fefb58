import * as z from 'zod'
import type { Database } from '#lib/database.ts'
import { UserError } from '#lib/errors.ts'
import type { Credentials } from './fetch-guard.ts'
import { show } from './names.ts'
import { slot } from './secrets/sealing.ts'

const row = z.object({ value: z.string() })
const credentials = z.object({ user: z.string(), password: z.string() })
const hosts = z.array(z.string())
const privateHosts = 'git private-hosts'

/** With what name and password the instance fetches from a host over HTTP, if it has one for it. */
export function credentialsFor(db: Database, host: string): Credentials | undefined {
  const found = fact(db, authOf(host))
  return found === undefined ? undefined : credentials.parse(JSON.parse(found))
}

/** Keeps them; without any, those of the host are forgotten. */
export function storeCredentials(db: Database, host: string, given: Credentials | undefined): void {
  store(db, authOf(host), given && JSON.stringify(given))
}

/** The hosts and ranges of addresses in private networks that may be fetched from. */
export function allowedHosts(db: Database): string[] {
  return hosts.parse(JSON.parse(fact(db, privateHosts) ?? '[]'))
}

export function storeAllowedHosts(db: Database, allowed: readonly string[]): void {
  store(db, privateHosts, allowed.length === 0 ? undefined : JSON.stringify([...new Set(allowed)].sort()))
}

/** A host as `git:auth` and `git:allow-host` take it, with a port where it has one of its own; UserError `bad-remote`. */
export function parseGitHost(text: string): { host: string; port: number | undefined } {
  const [, host, port] = /^([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::(\d{1,5}))?$/i.exec(text) ?? []
  if (host !== undefined && (port === undefined || Number(port) < 65536))
    return { host: host.toLowerCase(), port: port === undefined ? undefined : Number(port) }
  throw new UserError('bad-remote', `${show(text)} is not a host`, { hint: 'github.com, or git.example.com:2222' })
}

const authOf = (host: string) => `git auth ${host.toLowerCase()}`

function fact(db: Database, name: string): string | undefined {
  return db.get(row, 'SELECT unseal(value) AS value FROM facts WHERE name = ?', name)?.value
}

function store(db: Database, name: string, value: string | undefined): void {
  if (value === undefined) db.run('DELETE FROM facts WHERE name = ?', name)
  else db.run(`INSERT OR REPLACE INTO facts (name, value) VALUES (?, ${slot(name, value)})`, name, value)
}
