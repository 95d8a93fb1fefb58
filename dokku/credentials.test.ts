import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { z } from 'zod'
import type { Database } from '#lib/database.ts'
import { may } from './access.ts'
import { createApp } from './create.ts'
import { byKey, byToken, local, own, ownerOf, revokeToken, shutOut, whileIn } from './credentials.ts'
import { emptyDatabase, stateOnly } from './fixtures.ts'
import { addKey, type Owner } from './keys.ts'
import { actAs } from './nested.ts'
import { createToken, findToken, listTokens, parseExpiry } from './tokens.ts'
import { grant, isUser, listGrants, roleOf, setRoleOfNewUsers } from './users.ts'

/** A public key that nobody has the other half of. */
function publicKey(seed: string): string {
  const parts = [Buffer.from('ssh-ed25519'), createHash('sha256').update(seed).digest()]
  const blob = parts.flatMap((part) => [Buffer.from([0, 0, 0, part.length]), part])
  return `ssh-ed25519 ${Buffer.concat(blob).toString('base64')} ${seed}`
}

const rowSchema = z.record(z.string(), z.unknown())
const add = (db: Database, name: string, owner?: Owner) => addKey(db, name, publicKey(name), owner)

test('the first key is an admin whatever is set, later ones have the default role', () => {
  const db = emptyDatabase()
  setRoleOfNewUsers(db, 'viewer')
  add(db, 'ada')
  add(db, 'bob')
  setRoleOfNewUsers(db, 'none')
  add(db, 'carol')
  setRoleOfNewUsers(db, undefined)
  add(db, 'dora')
  add(db, 'eve', { role: 'deployer' })
  assert.deepEqual(
    ['ada', 'bob', 'carol', 'dora', 'eve'].map((name) => roleOf(db, name)),
    ['admin', 'viewer', undefined, 'admin', 'deployer'],
  )
})

test('a user has several keys with the same rights, and goes with the last one, with tokens and roles', () => {
  const db = emptyDatabase()
  add(db, 'ada')
  add(db, 'bob', { role: 'deployer' })
  add(db, 'bob-laptop', { user: 'bob' })
  assert.throws(() => add(db, 'bob-phone', { user: 'bob', role: 'admin' }), { code: 'user-known' })
  assert.equal(byKey(db, 'bob-laptop').name, 'bob')
  createToken(db, 'ci', { user: 'bob' })
  assert.equal(shutOut(db, 'bob').userToo, false)
  assert.equal(roleOf(db, 'bob'), 'deployer')
  assert.equal(shutOut(db, 'bob-laptop').userToo, true)
  assert.deepEqual([isUser(db, 'bob'), listTokens(db).length, listGrants(db).length], [false, 0, 1])
  assert.throws(() => byKey(db, 'bob'), { code: 'unknown-key' })
})

test('a token may what its user may at that moment, within its own limits', async () => {
  const instance = stateOnly()
  const { db } = instance
  const [shop, other] = [await createApp(instance, 'shop'), await createApp(instance, 'other')]
  add(db, 'ada')
  add(db, 'bob', { role: 'viewer' })
  grant(db, 'bob', 'deployer', shop)
  const bob = byToken(db, createToken(db, 'ci', { user: 'bob' })) ?? assert.fail()
  const look = byToken(db, createToken(db, 'look', { user: 'bob', role: 'viewer' })) ?? assert.fail()
  const only = byToken(db, createToken(db, 'only', { user: 'ada', app: shop, role: 'deployer' })) ?? assert.fail()
  const can = (who: typeof bob) =>
    [shop, other].map((app) => (['view', 'deploy', 'manage'] as const).filter((right) => may(who, right, app)))
  assert.deepEqual(can(bob), [['view', 'deploy'], ['view']])
  assert.deepEqual(can(look), [['view'], ['view']])
  assert.deepEqual(can(only), [['view', 'deploy'], []])
  assert.equal(may(only, 'deploy'), false)
  db.run("DELETE FROM grants WHERE user = 'bob'")
  assert.deepEqual(can(bob), [[], []])
})

test('a token is found by what it says, never stored as that, and not once it has expired', () => {
  const db = emptyDatabase()
  const secret = createToken(db, 'ci', { user: null, expiresAt: parseExpiry('1h') })
  assert.match(secret, /^dokku_[\w-]{43}$/)
  assert.equal(findToken(db, secret)?.name, 'ci')
  assert.equal(findToken(db, `${secret}x`), undefined)
  assert.equal(findToken(db, secret, new Date(Date.now() + 3_601_000)), undefined)
  assert.equal(JSON.stringify(db.all(rowSchema, 'SELECT * FROM tokens')).includes(secret.slice(6)), false)
  assert.throws(() => createToken(db, 'ci', { user: null }), { code: 'token-name-taken' })
})

test('how long a token holds is a number of hours, days, weeks or years', () => {
  const inHours = (text: string) => Math.round((parseExpiry(text).getTime() - Date.now()) / 3_600_000)
  assert.deepEqual(['12h', '90d', '4w', '1y'].map(inHours), [12, 2160, 672, 8760])
  for (const text of ['', '0d', '-1d', '1', 'd', '1m', '90 d', '99999y', '1d1d'])
    assert.throws(() => parseExpiry(text), { code: 'bad-expiry' })
})

test('what came in by a key or token ends when that is taken away, and nothing else does', async () => {
  const db = emptyDatabase()
  add(db, 'ada')
  add(db, 'bob')
  const ci = byToken(db, createToken(db, 'ci', { user: 'bob' })) ?? assert.fail()
  const cd = byToken(db, createToken(db, 'cd', { user: 'ada' })) ?? assert.fail()
  const ended = (who: typeof ci) => whileIn(who, async ({ revoked }) => new Promise((end) => revoked?.addEventListener('abort', end)))
  const [byCi, byBob, byAda] = [ended(ci), ended(byKey(db, 'bob')), ended(byKey(db, 'ada'))]
  const other = whileIn(cd, async ({ revoked }) => {
    shutOut(db, 'bob')
    await Promise.all([byCi, byBob])
    return revoked?.aborted
  })
  assert.equal(await other, false)
  shutOut(db, 'ada')
  await byAda
})

test('tokens:revoke takes away only what is the user’s own', () => {
  const db = emptyDatabase()
  add(db, 'ada')
  add(db, 'bob')
  createToken(db, 'ci', { user: 'bob' })
  assert.throws(() => revokeToken(db, 'ci', 'ada'), { code: 'no-such-token' })
  revokeToken(db, 'ci', 'bob')
  assert.throws(() => revokeToken(db, 'ci'), { code: 'no-such-token' })
})

test('nobody makes a token for what has no key, nor by a token', () => {
  const db = emptyDatabase()
  add(db, 'ada')
  const token = byToken(db, createToken(db, 'ci', { user: 'ada' })) ?? assert.fail()
  assert.equal(ownerOf(byKey(db, 'ada')), 'ada')
  assert.equal(ownerOf(local), null)
  for (const who of [token, own('cron', 'admin')]) assert.throws(() => ownerOf(who), { code: 'not-allowed' })
})

test('whoever makes an app is its admin', async () => {
  const instance = stateOnly()
  add(instance.db, 'ada')
  add(instance.db, 'bob', { role: 'deployer' })
  const quiet = { step() {}, detail() {}, result() {}, warn() {}, hint() {}, line() {} }
  const make = (name: string) => actAs({ identity: byKey(instance.db, 'bob'), output: quiet }, () => createApp(instance, name))
  const shop = await make('shop')
  assert.deepEqual([roleOf(instance.db, 'bob', shop.id), roleOf(instance.db, 'bob')], ['admin', 'deployer'])
})
