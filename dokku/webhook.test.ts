import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { maybeApp } from './app.ts'
import { createApp } from './create.ts'
import { stateOnly } from './fixtures.ts'
import { answerWebhook } from './webhook.ts'
import { isNewDelivery, storeWebhook } from './webhooks.ts'

const instance = stateOnly()
const app = await createApp(instance, 'shop')
const secret = storeWebhook(app, { repository: 'https://git.example.com/shop.git', branch: 'live' })
const commit = 'c0ffee'.padEnd(40, '0')

/** What GitHub would send. */
async function post(payload: object, { key = secret, event = 'push', id = crypto.randomUUID(), name = 'shop' } = {}) {
  const body = Buffer.from(JSON.stringify(payload))
  const headers = {
    'x-github-event': event,
    'x-github-delivery': id,
    'x-hub-signature-256': `sha256=${createHmac('sha256', key).update(body).digest('hex')}`,
  }
  return await answerWebhook(instance, name, headers, body)
}

test('a webhook of no app and of an app without one answer alike', async () => {
  await createApp(instance, 'mute')
  const answers = [await post({}, { name: 'nobody' }), await post({}, { name: 'mute' }), await post({}, { name: '../shop' })]
  for (const answer of answers) assert.deepEqual(answer, answers[0])
  assert.equal(answers[0]?.status, 404)
})

test('a webhook with a wrong or without a signature is refused', async () => {
  assert.equal((await post({}, { key: 'wrong' })).status, 401)
  assert.equal((await answerWebhook(instance, 'shop', {}, Buffer.from('{}'))).status, 401)
  assert.equal((await answerWebhook(instance, 'shop', { 'x-gitlab-event': 'Push Hook' }, Buffer.from('{}'))).status, 401)
})

test('a webhook of a ping, of another branch, a tag or a deletion deploys nothing, and says so', async () => {
  assert.deepEqual(await post({}, { event: 'ping' }), { status: 200, text: 'Nothing to do for "ping"' })
  assert.match((await post({ ref: 'refs/heads/main', after: commit })).text, /Nothing to do: live is deployed/)
  assert.equal((await post({ ref: 'refs/tags/live', after: commit })).status, 200)
  assert.match((await post({ ref: 'refs/heads/live', after: '0'.repeat(40) })).text, /was deleted/)
})

test('a webhook that cannot be read, or tells of a push long ago, is refused', async () => {
  assert.equal((await post({ ref: 1 })).status, 400)
  const old = { ref: 'refs/heads/live', after: commit, repository: { pushed_at: Math.floor(Date.now() / 1000) - 3700 } }
  assert.equal((await post(old)).status, 401)
})

test('a delivery is taken once, until the webhook is taken away', () => {
  const known = maybeApp(instance, 'shop')
  assert.ok(known)
  assert.ok(isNewDelivery(known, ['a', 'b']))
  assert.ok(!isNewDelivery(known, ['c', 'b']))
  assert.ok(isNewDelivery(known, ['c']))
  for (let n = 0; n < 500; n++) isNewDelivery(known, [`mark-${n}`])
  assert.ok((known.properties.get('webhooks deliveries') ?? '').length < 20_000)
  assert.ok(!isNewDelivery(known, ['mark-499']))
})

test('a webhook that is put in place again has another secret', async () => {
  const next = storeWebhook(app, { repository: 'https://git.example.com/shop.git' })
  assert.notEqual(next, secret)
  assert.equal((await post({}, { event: 'ping' })).status, 401)
  assert.equal((await post({}, { event: 'ping', key: next })).status, 200)
  storeWebhook(app, undefined)
  assert.equal((await post({}, { event: 'ping', key: next })).status, 404)
})
