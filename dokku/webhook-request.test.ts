import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { knowsSecret, marksOf, providerOf, readWebhook } from './webhook-request.ts'

const commit = 'c0ffee'.padEnd(40, '0')
const pushed = { ref: 'refs/heads/main', after: commit, repository: { pushed_at: 1_800_000_000 } }
const body = Buffer.from(JSON.stringify(pushed))
const digest = (secret: string, signed = body) => createHmac('sha256', secret).update(signed).digest('hex')

const signed = {
  github: { 'x-github-event': 'push', 'x-github-delivery': '1', 'x-hub-signature-256': `sha256=${digest('secret')}` },
  gitea: { 'x-gitea-event': 'push', 'x-github-event': 'push', 'x-gitea-delivery': '1', 'x-gitea-signature': digest('secret') },
  gitlab: { 'x-gitlab-event': 'Push Hook', 'x-gitlab-event-uuid': '1', 'x-gitlab-token': 'secret' },
} as const

for (const [provider, headers] of Object.entries(signed) as [keyof typeof signed, Record<string, string>][]) {
  test(`a webhook of ${provider} is known by its headers, proved by the secret, and read as a push`, () => {
    assert.equal(providerOf(headers), provider)
    assert.ok(knowsSecret(provider, headers, body, 'secret'))
    assert.ok(!knowsSecret(provider, headers, body, 'another'))
    assert.deepEqual(readWebhook(provider, headers, body), { kind: 'push', ref: 'refs/heads/main', commit, at: 1_800_000_000_000 })
  })

  test(`a webhook of ${provider} without proof, or with a wrong one, is not believed`, () => {
    const proof = Object.keys(headers).find((name) => /signature|token/.test(name)) ?? ''
    for (const wrong of [undefined, '', 'sha256=', 'secre', 'secret ', digest('another'), `sha256=${digest('another')}`, '\u{1f511}'])
      assert.ok(!knowsSecret(provider, { ...headers, [proof]: wrong }, body, 'secret'), String(wrong))
  })
}

test('a signature is of this body and of no other', () => {
  for (const provider of ['github', 'gitea'] as const)
    assert.ok(!knowsSecret(provider, signed[provider], Buffer.from(`${body.toString()} `), 'secret'))
})

test('providerOf answers nobody where another host is expected', () => {
  assert.equal(providerOf({}), undefined)
  assert.equal(providerOf(signed.gitlab, 'github'), undefined)
  assert.equal(providerOf(signed.github, 'github'), 'github')
  // Forgejo and Gitea say that they are GitHub, too, and sign as it does.
  assert.equal(providerOf(signed.gitea, 'github'), 'github')
})

test('marksOf knows a delivery again by its id, and by its body under another id', () => {
  const marks = marksOf('github', signed.github, body)
  const again = marksOf('github', { ...signed.github, 'x-github-delivery': '2' }, body)
  assert.equal(marks.length, 2)
  assert.notEqual(marks[0], again[0])
  assert.equal(marks[1], again[1])
  assert.match(marks.join(' '), /^[0-9a-f]+ [0-9a-f]+$/)
})

test('readWebhook takes the fields of a form too, and tells other news apart', () => {
  const form = Buffer.from(new URLSearchParams({ payload: body.toString() }).toString())
  const headers = { ...signed.github, 'content-type': 'application/x-www-form-urlencoded' }
  assert.equal(readWebhook('github', headers, form)?.kind, 'push')
  assert.deepEqual(readWebhook('github', { 'x-github-event': 'ping' }, Buffer.from('{}')), { kind: 'other', event: 'ping' })
})

test('readWebhook cannot read what is no push, and throws for nothing', () => {
  const wrong = ['', '{', 'null', '[]', '{}', '{"ref":1,"after":2}', '{"ref":"refs/heads/main","after":"$(touch x)"}', '\0']
  for (const text of wrong) assert.equal(readWebhook('github', signed.github, Buffer.from(text)), undefined, text)
  const odd = JSON.stringify({ ...pushed, repository: { pushed_at: 'soon' } })
  assert.deepEqual(readWebhook('github', signed.github, Buffer.from(odd)), { kind: 'push', ref: 'refs/heads/main', commit, at: undefined })
})
