import { X509Certificate } from 'node:crypto'
import { AcmeError } from '#lib/acme/mod.ts'
import { messageOf } from '#lib/errors.ts'
import { output as outputTo } from '#lib/output.ts'
import { type Certificate, certificateOf } from '../certificates.ts'
import type { Instance } from '../instance.ts'
import { record, recordOnce } from '../journal.ts'
import { limited } from '../locks.ts'
import { choicesOf, givenBy, type Owner, stateOf, storeState } from './choices.ts'
import { orderCertificate, speak } from './order.ts'
import { instanceOf, isCovered, isWanted, nameOf, ownersOf, provableHosts } from './owner.ts'

/** Certificates that come and are renewed by themselves. */
export interface Renewals {
  /** Looks again soon: something changed that may want a certificate. */
  poke(): void
  close(): void
}

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
/** What was changed in one go is looked at in one go. */
const soonMs = 1000
/** Nobody is asked more often than that when it fails, nor waits longer: Let's Encrypt takes five failures of a host an hour. */
const backOff = { firstMs: 15 * minuteMs, mostMs: dayMs }
/** How many are ordered at once, and how long one may take: a slow authority is in nobody else's way. */
const atOnce = 4
const patienceMs = 10 * minuteMs
/** The authority's wish may change, so it is asked as often at least. */
const lookMs = dayMs

/** Orders what is wanted and renews what is due, whenever that is; what it knows is in the database, so a restart changes nothing. */
export function renewals(instance: Instance): Renewals {
  let timer: NodeJS.Timeout | undefined
  let busy = false
  let again = false

  const wait = (ms: number) => {
    clearTimeout(timer)
    // Longer than a timer can be set, or than a clock is to be trusted.
    timer = setTimeout(look, Math.min(Math.max(ms, soonMs), 60 * minuteMs)).unref()
  }
  const look = async () => {
    if (busy) {
      again = true
      return
    }
    busy = true
    try {
      await lookAtAll(instance)
    } catch (error) {
      instance.log.error({ err: error }, 'certificates could not be looked at')
    } finally {
      busy = false
      if (!instance.stopping.aborted) wait(again ? soonMs : nextLook(instance) - Date.now())
      again = false
    }
  }
  wait(soonMs)
  return { poke: () => wait(soonMs), close: () => clearTimeout(timer) }
}

/** When something is due first. */
export function nextLook(instance: Instance): number {
  const times = ownersOf(instance)
    .filter(isWanted)
    // What is past and was not looked at has nothing to be done for now: no mail address, or no host that can be proven.
    .map((owner) => Math.max(Date.parse(stateOf(owner).next ?? ''), Date.now() + minuteMs))
  return Math.min(...times.filter((time) => !Number.isNaN(time)), Date.now() + lookMs)
}

async function lookAtAll(instance: Instance): Promise<void> {
  const inTurn = limited(atOnce)
  const wanted = ownersOf(instance).filter((owner) => isWanted(owner) && choicesOf(owner).email !== undefined)
  await Promise.all(wanted.map((owner) => inTurn(() => lookAtOne(owner))))
}

async function lookAtOne(owner: Owner): Promise<void> {
  if (instanceOf(owner).stopping.aborted) return
  const { hosts } = await provableHosts(owner)
  if (hosts.length === 0) return
  const { next } = stateOf(owner)
  const isDue = next === undefined || Date.parse(next) <= Date.now()
  const changed = !isCovered(owner, expected(owner, hosts)) && stateOf(owner).failures === 0
  if (isDue || changed) await lookAt(owner, hosts)
  alarm(owner)
}

/** Orders or renews what is due; a failure is told and tried again, ever later. */
async function lookAt(owner: Owner, hosts: readonly string[]): Promise<void> {
  const instance = instanceOf(owner)
  try {
    const due = certificateOf(owner)?.origin === 'acme' ? await dueAt(owner) : 0
    if (due > Date.now() && isCovered(owner, hosts)) return await settle(owner)
    const before = certificateOf(owner)?.chain
    const signal = AbortSignal.any([instance.stopping, AbortSignal.timeout(patienceMs)])
    const refused = await orderCertificate(owner, outputTo(ignore, ignore), signal, due <= Date.now())
    const has = hosts.filter((host) => !refused.includes(host))
    if (certificateOf(owner)?.chain !== before)
      record(instance.db, { app: journalName(owner), by: 'dokku', text: `a certificate for ${has.join(', ')} has come` })
    await settle(owner, refused)
  } catch (error) {
    if (!instance.stopping.aborted) remember(owner, error)
  }
}

/** Keeps when to look again, and the hosts that the authority does not find here: those are tried again then. */
export async function settle(owner: Owner, refused: readonly string[] = []): Promise<void> {
  const { directory } = choicesOf(owner)
  storeState(owner, { ...stateOf(owner), directory })
  const next = new Date(Math.min(await dueAt(owner), Date.now() + lookMs)).toISOString()
  storeState(owner, {
    failures: 0,
    next,
    directory,
    ...(refused.length === 0 ? {} : { without: [...refused], error: `not proven: ${refused.join(', ')}` }),
  })
}

/** The hosts that are to have a certificate, without those that could not be proven last. */
function expected(owner: Owner, hosts: readonly string[]): string[] {
  const { without = [] } = stateOf(owner)
  return hosts.filter((host) => !without.includes(host))
}

/** Keeps a failure, and when it is tried again. */
export function remember(owner: Owner, error: unknown): void {
  const instance = instanceOf(owner)
  const failures = stateOf(owner).failures + 1
  const pause = Math.min(backOff.firstMs * 2 ** (failures - 1), backOff.mostMs)
  const asked = error instanceof AcmeError ? (error.retryAt?.getTime() ?? 0) : 0
  const next = new Date(Math.max(Date.now() + pause, asked)).toISOString()
  storeState(owner, { ...stateOf(owner), failures, next, error: messageOf(error) })
  instance.log.warn({ owner: nameOf(owner), reason: messageOf(error), next }, 'no certificate')
  recordOnce(instance.db, { app: journalName(owner), by: 'dokku', text: `no certificate: ${messageOf(error)}` })
}

/** When the certificate of an owner is to be renewed: as the authority says, else after two thirds of its life. */
export async function dueAt(owner: Owner): Promise<number> {
  const stored = certificateOf(owner)
  if (stored === undefined) return 0
  const choices = givenBy(owner)
  const ask = async () => await (await speak(instanceOf(owner), choices, instanceOf(owner).stopping)).renewalInfo(stored.chain)
  // Whoever cannot be asked now says nothing.
  const info = await ask().catch(() => undefined)
  if (info === undefined) return usualTime(stored, choices.graceMs)
  return info.start.getTime() + within(stored) * (info.end.getTime() - info.start.getTime())
}

/** Without the authority's word. Pure. */
export function usualTime({ chain }: Pick<Certificate, 'chain'>, graceMs: number | undefined): number {
  const { validFrom, validTo } = new X509Certificate(chain)
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)]
  const third = (to - from) / 3
  return to - (graceMs === undefined ? third : Math.min(graceMs, 2 * third))
}

/** A point of a window that is another for each certificate and the same at each look. */
function within({ chain }: Pick<Certificate, 'chain'>): number {
  return Number.parseInt(new X509Certificate(chain).fingerprint256.replaceAll(':', '').slice(0, 8), 16) / 2 ** 32
}

/** Is a renewal late: less than a sixth of its life is left? */
export function isLate(owner: Owner, now = Date.now()): boolean {
  const stored = certificateOf(owner)
  if (stored?.origin !== 'acme') return false
  const { validFrom, validTo } = new X509Certificate(stored.chain)
  return Date.parse(validTo) - now < (Date.parse(validTo) - Date.parse(validFrom)) / 6
}

function alarm(owner: Owner): void {
  if (!isLate(owner)) return
  const text = `the certificate of ${nameOf(owner)} ends on ${certificateOf(owner)?.notAfter.slice(0, 10)} and is not renewed: ${stateOf(owner).error ?? ''}`
  recordOnce(instanceOf(owner).db, { app: journalName(owner), by: 'dokku', text })
}

/** No app can be called like the door. */
function journalName(owner: Owner): string {
  return 'db' in owner ? 'dokku' : owner.name
}

const ignore = () => {}
