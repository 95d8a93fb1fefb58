import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AcmeError } from '#lib/acme/mod.ts'
import { storeCertificate } from '../certificates.ts'
import { checkCertificate } from '../check-certificate.ts'
import { createApp } from '../create.ts'
import { stateOnly } from '../fixtures.ts'
import { selfSigned } from '../self-signed.ts'
import { choicesOf, stateOf, storeState } from './choices.ts'
import { isCovered, isWanted } from './owner.ts'
import { isPublicHost } from './public-host.ts'
import { isLate, nextLook, remember, usualTime } from './renewals.ts'

const log = { warn: () => {} } as never
const dayMs = 24 * 60 * 60 * 1000

test('a name of the internet is one that a certificate authority may be asked for', () => {
  for (const host of ['dokku.com', 'www.shop.co.uk', '*.shop.dev', 'xn--bcher-kva.de']) assert.ok(isPublicHost(host), host)
  for (const host of [
    'localhost',
    'shop.localhost',
    'shop.local',
    'shop.test',
    'shop',
    '10.0.0.1',
    'shop.10.0.0.1.nip.io',
    '*.internal',
    'www.example.com',
  ])
    assert.ok(!isPublicHost(host), host)
})

test('a certificate comes by itself once there is a global address, unless one was imported or it was disabled', async () => {
  const instance = stateOnly({ DOKKU_HOSTNAME: 'dokku.dev' }, { log })
  const app = await createApp(instance, 'shop')
  assert.equal(isWanted(app), false)
  instance.properties.set('letsencrypt email', 'ada@dokku.dev')
  assert.equal(isWanted(app), true)
  assert.equal(choicesOf(app).directory, 'https://acme-v02.api.letsencrypt.org/directory')
  storeCertificate(app, checkCertificate(await selfSigned('shop.dokku.dev'), []), 'imported')
  assert.deepEqual([isWanted(app), isCovered(app, ['shop.dokku.dev'])], [false, false])
  storeCertificate(app, checkCertificate(await selfSigned('shop.dokku.dev'), []), 'acme')
  assert.deepEqual([isWanted(app), isCovered(app, ['shop.dokku.dev']), isCovered(app, ['www.dokku.dev'])], [true, true, false])
  app.properties.set('letsencrypt enabled', 'false')
  assert.equal(isWanted(app), false)
})

test('without the authority’s word a certificate is renewed after two thirds of its life, or as early as was chosen', async () => {
  const { chain } = await selfSigned('shop.dokku.dev')
  const days = (graceMs?: number) => Math.round((usualTime({ chain }, graceMs) - Date.now()) / dayMs)
  assert.deepEqual([days(), days(30 * dayMs), days(9999 * dayMs)], [243, 335, 122])
})

test('a failure is tried again ever later, up to a day, and not before the authority allows it', async () => {
  const app = await createApp(stateOnly({}, { log }), 'shop')
  const minutes = () => Math.round((Date.parse(`${stateOf(app).next}`) - Date.now()) / 60_000)
  const waits = Array.from({ length: 9 }, () => {
    remember(app, new Error('no'))
    return minutes()
  })
  assert.deepEqual(waits, [15, 30, 60, 120, 240, 480, 960, 1440, 1440])
  storeState(app, undefined)
  remember(app, new AcmeError('acme-rate-limited', 'too many', 'rateLimited', new Date(Date.now() + 3 * dayMs)))
  assert.equal(minutes(), 3 * 1440)
  assert.equal(stateOf(app).error, 'too many')
})

test('a renewal is late when less than a sixth of a life is left', async () => {
  const app = await createApp(stateOnly({}, { log }), 'shop')
  assert.equal(isLate(app), false)
  storeCertificate(app, checkCertificate(await selfSigned('shop.dokku.dev'), []), 'acme')
  assert.deepEqual([isLate(app), isLate(app, Date.now() + 300 * dayMs), isLate(app, Date.now() + 310 * dayMs)], [false, false, true])
})

test('an app whose time is past and that has nothing to be proven is not looked at again and again', async () => {
  const instance = stateOnly({}, { log })
  const app = await createApp(instance, 'shop')
  instance.properties.set('letsencrypt email', 'ada@dokku.dev')
  storeState(app, { failures: 1, next: new Date(Date.now() - dayMs).toISOString() })
  assert.ok(nextLook(instance) - Date.now() > 50_000)
})
