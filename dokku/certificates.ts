import { z } from 'zod'
import type { App } from './app.ts'
import type { CheckedCertificate } from './check-certificate.ts'
import type { Instance } from './instance.ts'

/** Where a certificate is from; `acme` ones are renewed. */
export type Origin = 'imported' | 'self-signed' | 'acme'

const row = z
  .object({
    chain: z.string(),
    key: z.string(),
    origin: z.enum(['imported', 'self-signed', 'acme']),
    not_after: z.string(),
    stored_at: z.string(),
  })
  .transform(({ not_after, stored_at, ...rest }) => ({ ...rest, notAfter: not_after, storedAt: stored_at }))

/** A certificate as it is stored: chain and key in PEM, times in ISO 8601. */
export type Certificate = z.output<typeof row>

/** Whose a certificate is: an app, or, when it is the instance, the HTTP door. */
type Owner = App | Instance

export function certificateOf(owner: Owner): Certificate | undefined {
  const { db, id } = whose(owner)
  return db.get(row, 'SELECT chain, unseal(key) AS key, origin, not_after, stored_at FROM certificates WHERE app_id IS ?', id)
}

/** Stores a checked certificate in place of the one before. */
export function storeCertificate(owner: Owner, { chain, key, leaf }: CheckedCertificate, origin: Origin): void {
  restoreCertificate(owner, { chain, key, origin, notAfter: new Date(leaf.validTo).toISOString(), storedAt: new Date().toISOString() })
}

/** Puts a stored certificate back, or its absence. */
export function restoreCertificate(owner: Owner, before: Certificate | undefined): void {
  const { db, id } = whose(owner)
  db.tx(() => {
    removeCertificate(owner)
    if (before === undefined) return
    const { chain, key, origin, notAfter, storedAt } = before
    const columns = 'app_id, chain, key, origin, not_after, stored_at'
    db.run(`INSERT INTO certificates (${columns}) VALUES (?, ?, seal(?), ?, ?, ?)`, id, chain, key, origin, notAfter, storedAt)
  })
}

export function removeCertificate(owner: Owner): void {
  const { db, id } = whose(owner)
  db.run('DELETE FROM certificates WHERE app_id IS ?', id)
}

/** What the appliance gets of it. */
export function tlsOf(owner: Owner, more: { redirect?: boolean } = {}): { tls?: { certificate: string; key: string; redirect?: boolean } } {
  const stored = certificateOf(owner)
  return stored === undefined ? {} : { tls: { certificate: stored.chain, key: stored.key, ...more } }
}

const soonMs = 30 * 24 * 60 * 60 * 1000

/** In words, that a certificate ends soon: one that is renewed by itself, when that is late. */
export function endingSoon(app: App, now = Date.now()): string[] {
  const stored = certificateOf(app)
  if (stored === undefined) return []
  const left = Date.parse(stored.notAfter) - now
  const day = stored.notAfter.slice(0, 10)
  if (stored.origin !== 'acme') return left < soonMs ? [`The certificate of ${app.name} ends on ${day}: certs:update replaces it`] : []
  const life = Date.parse(stored.notAfter) - Date.parse(stored.storedAt)
  return left < life / 6
    ? [`The certificate of ${app.name} ends on ${day} and is not renewed: letsencrypt:report ${app.name} says why`]
    : []
}

function whose(owner: Owner): { db: Instance['db']; id: number | null } {
  return 'db' in owner ? { db: owner.db, id: null } : { db: owner.instance.db, id: owner.id }
}
