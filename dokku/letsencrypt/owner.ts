import { X509Certificate } from 'node:crypto'
import { UserError } from '#lib/errors.ts'
import type { Output } from '#lib/output.ts'
import { type App, allApps } from '../app.ts'
import { certificateOf, restoreCertificate, storeCertificate } from '../certificates.ts'
import { changeCertificate } from '../change-certificate.ts'
import { type CheckedCertificate, covers } from '../check-certificate.ts'
import type { Instance } from '../instance.ts'
import { syncRoutes } from '../routing.ts'
import { choicesOf, chosenFor, givenBy, type Owner } from './choices.ts'
import { isPublicHost } from './public-host.ts'

/** Everybody who may have a certificate by themselves. */
export function ownersOf(instance: Instance): Owner[] {
  return [...(instance.settings.httpDoor === undefined ? [] : [instance]), ...allApps(instance)]
}

export function nameOf(owner: Owner): string {
  return 'db' in owner ? 'the HTTP door' : owner.name
}

export function instanceOf(owner: Owner): Instance {
  return 'db' in owner ? owner : owner.instance
}

function hostsOf(owner: Owner): string[] {
  if ('db' in owner) return owner.settings.httpDoor === undefined ? [] : [owner.settings.httpDoor]
  return owner.hosts
}

/** The hosts that a certificate is to be for, and those that it cannot be for, in words. */
export async function provableHosts(owner: Owner): Promise<{ hosts: string[]; left: string[] }> {
  const { worldwide } = choicesOf(owner)
  const dns = await instanceOf(owner).plugins.handles('letsencrypt-dns')
  const left: string[] = []
  const hosts = hostsOf(owner).filter((host) => {
    if (worldwide && !isPublicHost(host)) left.push(`${host} is not a name of the internet`)
    else if (host.startsWith('*.') && !dns) left.push(`${host} is a wildcard, which needs a plugin for its DNS`)
    else return true
    return false
  })
  return { hosts, left }
}

/** Is somebody to have a certificate by themselves? One that was imported is never replaced, unless that was asked for. */
export function isWanted(owner: Owner): boolean {
  const chosen = chosenFor(owner)
  if (chosen === 'off') return false
  const { origin } = certificateOf(owner) ?? {}
  if (origin !== undefined && origin !== 'acme') return false
  return chosen === 'on' || instanceOf(owner).properties.get('letsencrypt email') !== undefined
}

/** Has the owner a certificate of ours for all these hosts? */
export function isCovered(owner: Owner, hosts: readonly string[]): boolean {
  const stored = certificateOf(owner)
  if (stored?.origin !== 'acme' || givenBy(owner).directory !== choicesOf(owner).directory) return false
  const leaf = new X509Certificate(stored.chain)
  return hosts.every((host) => covers(leaf, host))
}

/** Serves the owner with a certificate that has come. */
export async function install(owner: Owner, certificate: CheckedCertificate, output: Output): Promise<void> {
  if (!('db' in owner)) return await inTurn(owner, () => changeCertificate(owner, { certificate, origin: 'acme' }, output))
  const before = certificateOf(owner)
  storeCertificate(owner, certificate, 'acme')
  try {
    await syncRoutes(owner)
  } catch (error) {
    restoreCertificate(owner, before)
    throw error
  }
}

/** A change of an app, after whatever changes it now. */
async function inTurn(app: App, work: () => Promise<void>): Promise<void> {
  await app.instance.inOrder(app.id, work)
}

/** UserError `no-email`. */
export function noEmail(): UserError {
  return new UserError('no-email', 'a certificate authority wants to know whom to tell of what goes wrong', {
    hint: 'letsencrypt:set --global email you@example.com',
  })
}
