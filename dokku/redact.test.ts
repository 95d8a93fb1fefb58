import assert from 'node:assert/strict'
import { test } from 'node:test'
import { output } from '#lib/output.ts'
import { createApp } from './create.ts'
import { readOptions, storeDockerOptions } from './docker-options.ts'
import { stateOnly } from './fixtures.ts'
import { storeCredentials } from './git-hosts.ts'
import { storeGlobalConfig } from './global-config.ts'
import { redactedOutput, redactor, secretsOf } from './redact.ts'
import { storeLogin } from './registry.ts'
import { storeWebhook } from './webhooks.ts'

test('secretsOf knows every place that keeps a secret', async () => {
  const instance = stateOnly()
  const { db } = instance
  const shop = await createApp(instance, 'shop')
  shop.config.set({ TOKEN: 'config-secret', SHORT: 'true', PEM: 'first-line\nsecond-line' })
  storeGlobalConfig(instance, { SENTRY: 'global-secret' })
  storeDockerOptions(shop, readOptions(['--env', 'A=option-secret'], 'deploy'))
  storeLogin(db, shop, 'registry.example.com', { username: 'robot', password: 'registry-secret' })
  storeLogin(db, undefined, 'ghcr.io', { username: 'robot', password: 'instance-secret' })
  storeCredentials(db, 'github.com', { user: 'me', password: 'git-secret' })
  const webhook = storeWebhook(shop, { repository: 'https://github.com/me/shop' })
  shop.properties.set('letsencrypt eab-key', 'eab-secret')
  shop.properties.set('http-auth front', JSON.stringify({ enabled: true, users: [{ name: 'ada', hash: '$2y$secret' }] }))
  db.run(
    "INSERT INTO certificates (app_id, chain, key, origin, not_after, stored_at) VALUES (?, 'c', 'key-secret', 'acme', 'x', 'y')",
    shop.id,
  )
  const all = secretsOf(instance)
  for (const secret of [
    ...['config-secret', 'second-line', 'global-secret', 'option-secret', 'registry-secret', 'instance-secret', 'git-secret'],
    ...[webhook, 'eab-secret', '$2y$secret', 'key-secret'],
  ])
    assert.ok(all.includes(secret), secret)
  assert.ok(!all.includes('true'))
})

test('redactor takes out what is known, and what looks like a secret wherever it is from', () => {
  const redact = redactor(['longer-secret', 'secret'])
  assert.equal(redact('a longer-secret b secret'), 'a ******** b ********')
  assert.equal(redact('https://me:pass@example.com/x and postgres://u:p@db'), 'https://********@example.com/x and postgres://********@db')
  assert.equal(redact('password=abc, {"token":"t0k"} api-key: x'), 'password=********, {"token":********} api-key: ********')
  assert.equal(redact('-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\nrest'), '********\nrest')
  assert.equal(redact('dokku version: 1.0'), 'dokku version: 1.0')
})

test('redactedOutput says no secret by any of its ways', () => {
  let said = ''
  const collect = (text: string) => {
    said += text
  }
  const out = redactedOutput(output(collect, collect), redactor(['hidden-thing']))
  for (const way of ['step', 'detail', 'result', 'warn', 'hint', 'line'] as const) out[way](`a hidden-thing of ${way}`)
  assert.doesNotMatch(said, /hidden-thing/)
  assert.equal(said.split('\n').length, 7)
})
