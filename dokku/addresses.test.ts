import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { applianceAddress, freeAddress, leaseAddress, sweepAddresses } from './addresses.ts'
import { emptyDatabase } from './fixtures.ts'

const subnet = '10.213.16.0/28'

test('leaseAddress begins after network and gateway and never hands out the appliance’s address or the broadcast one', () => {
  const db = emptyDatabase()
  const leased = Array.from({ length: 12 }, (_, n) => leaseAddress(db, subnet, `c${n}`))
  assert.equal(leased[0], '10.213.16.2')
  assert.equal(leased.at(-1), '10.213.16.13')
  assert.equal(new Set(leased).size, 12)
  assert.equal(applianceAddress(subnet), '10.213.16.14')
  assert.throws(() => leaseAddress(db, subnet, 'one too many'), /no address is left/)
})

test('leaseAddress goes round: a freed address comes back only after all the others', () => {
  const db = emptyDatabase()
  const first = leaseAddress(db, subnet, 'a')
  freeAddress(db, first)
  const others = Array.from({ length: 11 }, () => {
    const address = leaseAddress(db, subnet, 'b')
    freeAddress(db, address)
    return address
  })
  assert.ok(!others.includes(first))
  assert.equal(leaseAddress(db, subnet, 'c'), first)
})

test('leaseAddress carries over a /20 without gaps between its octets', () => {
  const db = emptyDatabase()
  db.run('INSERT INTO facts (name, value) VALUES (?, ?)', 'last address of 10.213.0.0/20', '253')
  assert.equal(leaseAddress(db, '10.213.0.0/20', 'a'), '10.213.0.255')
  assert.equal(leaseAddress(db, '10.213.0.0/20', 'b'), '10.213.1.0')
})

test('sweepAddresses frees what no container holds', () => {
  const db = emptyDatabase()
  const kept = leaseAddress(db, subnet, 'kept')
  const lost = leaseAddress(db, subnet, 'lost')
  sweepAddresses(db, new Set([kept]))
  const rows = Array.from({ length: 11 }, () => leaseAddress(db, subnet, 'x'))
  assert.ok(rows.includes(lost))
  assert.ok(!rows.includes(kept))
})

test('leaseAddress never gives what is leased, and what was given back only after all the others that are free', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(11), { nil: undefined }), { maxLength: 60 }), (acts) => {
      const db = emptyDatabase()
      const held: string[] = []
      /** In the order they were given back. */
      const freed: string[] = []
      for (const act of acts) {
        if (act === undefined && held.length < 12) {
          const address = leaseAddress(db, subnet, 'x')
          assert.ok(!held.includes(address), `${address} is leased twice`)
          assert.match(address, /^10\.213\.16\.([2-9]|1[0-3])$/)
          const never = 12 - held.length - freed.length
          if (freed.includes(address)) assert.equal(never, 0, `${address} comes back while others were never used`)
          held.push(address)
          if (freed.includes(address)) freed.splice(freed.indexOf(address), 1)
        } else if (act !== undefined && held.length > 0) {
          const [address = ''] = held.splice(act % held.length, 1)
          freeAddress(db, address)
          freed.push(address)
        }
      }
    }),
    { numRuns: 200 },
  )
})
