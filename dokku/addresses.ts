import * as z from 'zod'
import type { Database } from '#lib/database.ts'

const counter = z.object({ value: z.string() })
const holder = z.object({ address: z.string() })

/**
 * Leases the next free IPv4 address of a subnet to a container. Addresses go round: one that was given back is not
 * handed out again before all the others were, so a route that still names it can never reach a stranger.
 */
export function leaseAddress(db: Database, subnet: string, container: string): string {
  const [first, count] = range(subnet)
  return db.tx(() => {
    const fact = `last address of ${subnet}`
    const last = Number(db.get(counter, 'SELECT value FROM facts WHERE name = ?', fact)?.value ?? 0)
    const taken = new Set(db.all(holder, 'SELECT address FROM addresses').map(({ address }) => address))
    for (let step = 1; step <= count; step++) {
      const offset = (last + step - 1) % count
      const address = toText(first + offset)
      if (taken.has(address)) continue
      db.run('INSERT INTO addresses (address, container, leased_at) VALUES (?, ?, ?)', address, container, new Date().toISOString())
      db.run('INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)', fact, String(offset + 1))
      return address
    }
    throw new Error(`no address is left in ${subnet}: ${count} are leased`)
  })
}

/** Gives an address back once its container is gone. */
export function freeAddress(db: Database, address: string): void {
  db.run('DELETE FROM addresses WHERE address = ?', address)
}

/** Frees every lease whose container is not among those that exist: what a crash between lease and create leaves. */
export function sweepAddresses(db: Database, existing: ReadonlySet<string>): void {
  for (const { address } of db.all(holder, 'SELECT address FROM addresses')) if (!existing.has(address)) freeAddress(db, address)
}

/** The address kept for the appliance where it joins a network: the last before the broadcast address. */
export function applianceAddress(subnet: string): string {
  const [first, count] = range(subnet)
  return toText(first + count)
}

/** The host's own address in a network, as the engine chooses it: the first. */
export function gatewayAddress(subnet: string): string {
  const [first] = range(subnet)
  return toText(first - 1)
}

/** First address to lease as a number, and how many there are: without network, gateway, appliance and broadcast. */
function range(subnet: string): [first: number, count: number] {
  const [base = '', bits = '20'] = subnet.split('/')
  const size = 2 ** (32 - Number(bits))
  return [toNumber(base) + 2, size - 4]
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

function toText(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}
