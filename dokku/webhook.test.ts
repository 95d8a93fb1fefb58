import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { maybeApp } from './app.ts'
import { listBuilds } from './builds.ts'
import { createApp } from './create.ts'
import { stateOnly } from './fixtures.ts'
import type { Instance } from './instance.ts'
import { keyedQueue } from './locks.ts'
import { answerWebhook, resumeWebhooks } from './webhook.ts'
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

test('a deploy that was promised is tried, also after control has ended, until it has ended itself', async () => {
  const heard = new EventEmitter()
  const log = { info: (_: object, text: string) => heard.emit(text), warn: () => {}, error: () => {} }
  const dataDir = await mkdtemp(join(tmpdir(), 'webhook-'))
  const live = stateOnly({}, { inOrder: keyedQueue(), log: log as unknown as Instance['log'] })
  Object.assign(live.settings, { dataDir })
  const one = await createApp(live, 'shop')
  const key = storeWebhook(one, { repository: 'http://127.0.0.1:1/shop.git' })
  const promised = () => one.properties.get('webhooks promised')
  const send = (id: string) => {
    const body = Buffer.from(JSON.stringify({ ref: 'refs/heads/main', after: commit, id }))
    return answerWebhook(live, 'shop', { 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': key, 'x-gitlab-event-uuid': id }, body)
  }
  const answers = await Promise.all([send('1'), send('2'), send('1')])
  assert.deepEqual(
    answers.map(({ status }) => status),
    [202, 202, 401],
  )
  assert.match(answers[1]?.text ?? '', /waits already/)
  assert.equal(promised(), 'main')
  await once(heard, 'a webhook deployed nothing')
  await setImmediate()
  assert.equal(promised(), undefined)
  assert.deepEqual(
    listBuilds(one).map(({ status, source, error }) => [status, source, error?.split(':')[0]]),
    [['failed', 'http://127.0.0.1:1/shop.git main', '127.0.0.1 is 127.0.0.1, an address of this machine or of a private network']],
  )
  one.properties.set('webhooks promised', 'main')
  resumeWebhooks(live)
  await once(heard, 'a webhook deployed nothing')
  assert.equal(listBuilds(one).length, 2)
  await rm(dataDir, { recursive: true })
})
