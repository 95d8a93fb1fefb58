import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { UserError } from '../errors.ts'
import { converse, newAccountKey, obtain, renewalId, type Solvers } from './mod.ts'
import { type Pebble, pebble } from './pebble.fixture.ts'
import { transport } from './transport.ts'

/** Answers HTTP-01 on the port where pebble looks. */
async function answering(t: TestContext, port: number) {
  const answers = new Map<string, string>()
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.headers.host} ${request.url}`)
    const answer = answers.get((request.url ?? '').replace('/.well-known/acme-challenge/', ''))
    response.writeHead(answer === undefined ? 404 : 200).end(answer)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.after(() => server.close())
  const http: NonNullable<Solvers['http']> = {
    put: async (token, answer) => void answers.set(token, answer),
    remove: async (token) => void answers.delete(token),
  }
  return { http, answers, asked }
}

const dnsOf = (of: Pebble): NonNullable<Solvers['dns']> => ({ put: of.setText, remove: of.clearText })

test('a certificate comes by HTTP-01 from a strict authority that refuses half of all nonces, leads to its root, and is ours', async (t) => {
  const server = await pebble(t)
  const { http, answers, asked } = await answering(t, server.httpPort)
  const talk = await converse(server.authority, newAccountKey())
  assert.match(await talk.register({ email: 'ada@example.com' }), /^https:\/\/127\.0\.0\.1/)
  const { chain, key } = await obtain(talk, { hosts: ['one.example.com', 'two.example.com'], solvers: { http } })
  const [leaf, issuer] = (chain.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map((pem) => new X509Certificate(pem))
  assert.ok(leaf?.checkPrivateKey(createPrivateKey(key)))
  assert.ok(leaf?.checkHost('one.example.com') && leaf.checkHost('two.example.com'))
  assert.ok(issuer && leaf?.verify(issuer.publicKey) && issuer.verify(new X509Certificate(server.root).publicKey))
  assert.ok(asked.some((line) => line.startsWith('two.example.com')))
  assert.deepEqual([...answers], [])
})

test('a wildcard comes by DNS-01, and is not tried without it', async (t) => {
  const server = await pebble(t)
  const talk = await converse(server.authority, newAccountKey())
  await talk.register({})
  const hosts = ['*.example.com', 'example.com']
  const { chain } = await obtain(talk, { hosts, solvers: { dns: dnsOf(server) } })
  assert.equal(new X509Certificate(chain).checkHost('any.example.com'), '*.example.com')
  const { http } = await answering(t, server.httpPort)
  await assert.rejects(obtain(talk, { hosts: ['*.example.org'], solvers: { http } }), {
    code: 'acme-unprovable',
    message: /\*\.example\.org/,
  })
})

test('an account is found again by its key, and speaks as itself after a restart', async (t) => {
  const server = await pebble(t)
  const key = newAccountKey()
  const url = await (await converse(server.authority, key)).register({})
  const again = await converse(server.authority, key)
  assert.equal(await again.register({}), url)
  const later = await converse(server.authority, key)
  later.as(url)
  await later.contact('grace@example.com')
  assert.match((await later.post(url, '')).text, /grace@example\.com/)
  const { chain } = await obtain(later, { hosts: ['one.example.com'], solvers: { dns: dnsOf(server) } })
  await later.revoke(chain, 4)
  await assert.rejects(later.revoke(chain, 4), { code: 'acme-refused' })
})

test('a host that answers something else is refused with the authority’s words, and what was put is removed', async (t) => {
  const server = await pebble(t)
  const { http, answers } = await answering(t, server.httpPort)
  const talk = await converse(server.authority, newAccountKey())
  await talk.register({})
  const lying = { ...http, put: (token: string, _answer: string, host: string) => http.put(token, 'something.else', host) }
  await assert.rejects(obtain(talk, { hosts: ['one.example.com'], solvers: { http: lying } }), {
    code: 'acme-refused',
    message: /one\.example\.com: the certificate authority says: /,
  })
  assert.deepEqual([...answers], [])
})

test('the authority says when it wants a certificate renewed, and a renewal says what it replaces', async (t) => {
  const server = await pebble(t)
  const talk = await converse(server.authority, newAccountKey())
  await talk.register({})
  const order = { hosts: ['one.example.com'], solvers: { dns: dnsOf(server) } }
  const { chain } = await obtain(talk, order)
  const info = await talk.renewalInfo(chain)
  if (talk.urls.renewalInfo === undefined) return t.skip('this pebble has no renewal information')
  assert.ok(info && info.start < info.end && info.start < new Date(new X509Certificate(chain).validTo))
  const renewed = await obtain(talk, { ...order, replaces: await renewalId(chain) })
  assert.notEqual(renewed.chain, chain)
  // It was replaced already: the order goes through without saying so.
  assert.notEqual((await obtain(talk, { ...order, replaces: await renewalId(chain) })).chain, chain)
})

test('an authority that wants an account bound gets it, and says what is missing', async (t) => {
  const kid = 'kid-1'
  const secret = Buffer.from('a secret of thirty-two bytes or so').toString('base64url')
  const config = { externalAccountBindingRequired: true, externalAccountMACKeys: { [kid]: secret } }
  const server = await pebble(t, { config })
  const talk = await converse(server.authority, newAccountKey())
  await assert.rejects(talk.register({}), { code: 'acme-account' })
  assert.match(await talk.register({ outside: { kid, key: secret } }), /^https:/)
})

/** An authority that is none: answers everything by `listener`. */
async function liar(t: TestContext, listener: (base: string) => RequestListener): Promise<string> {
  let base = ''
  const server = createServer((request, response) => listener(base)(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return base
}

const directory = (base: string) =>
  JSON.stringify({ newNonce: `${base}/nonce`, newAccount: `${base}/account`, newOrder: `${base}/order`, revokeCert: `${base}/revoke` })

test('an authority that is down, no authority, without end or elsewhere is a clear error', async (t) => {
  const key = newAccountKey()
  const refuses = (url: string, code: string) =>
    assert.rejects(converse({ directory: url }, key), (error) => error instanceof UserError && error.code === code)
  await refuses('http://127.0.0.1:1/dir', 'acme-away')
  await refuses('http://example.com/dir', 'acme-away')
  await refuses('file:///etc/passwd', 'acme-away')
  await refuses(`${await liar(t, () => (_, response) => response.end('<html>'))}/dir`, 'acme-strange')
  await refuses(
    `${await liar(t, () => (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end())}/dir`,
    'acme-strange',
  )
  await refuses(`${await liar(t, () => (_, response) => response.end('x'.repeat(2 ** 21)))}/dir`, 'acme-away')
  const silent = await liar(t, () => () => {})
  const controller = new AbortController()
  const waiting = converse({ directory: `${silent}/dir` }, key, controller.signal)
  controller.abort(new Error('enough'))
  await assert.rejects(waiting, /enough/)
})

test('an authority that is asked with encryption cannot lead to what listens on this machine without it', async (t) => {
  const asked: string[] = []
  const plain = await liar(t, () => (request, response) => {
    asked.push(`${request.url}`)
    response.writeHead(200, { 'replay-nonce': 'n' }).end('{}')
  })
  const server = await pebble(t)
  const { signal } = new AbortController()
  const send = transport({ directory: server.authority.directory, ca: server.authority.ca })
  assert.equal((await send({ method: 'GET', url: server.authority.directory, signal })).status, 200)
  await assert.rejects(send({ method: 'POST', url: `${plain}/api`, body: '{}', signal }), { code: 'acme-away' })
  assert.deepEqual(asked, [])
})

test('an authority without nonces, with bad nonces for ever, or with a limit says so', async (t) => {
  const answers = (more: RequestListener) =>
    liar(t, (base) => (request, response) => {
      if (request.url === '/dir') return response.end(directory(base))
      return more(request, response)
    })
  const problem = (status: number, type: string, headers = {}): RequestListener => {
    return (_, response) =>
      response
        .writeHead(status, { 'replay-nonce': 'again', 'content-type': 'application/problem+json', ...headers })
        .end(JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail: `no:\u001b[31m ${type}` }))
  }
  const register = async (base: string) => await (await converse({ directory: `${base}/dir` }, newAccountKey())).register({})
  await assert.rejects(register(await answers((_, response) => response.end('{}'))), { code: 'acme-strange', message: /no nonce/ })
  let tries = 0
  const endless = problem(400, 'badNonce')
  await assert.rejects(
    register(
      await answers((request, response) => {
        if (request.method === 'POST') tries++
        endless(request, response)
      }),
    ),
    { code: 'acme-refused', message: /no: \[31m badNonce/ },
  )
  assert.equal(tries, 20)
  const limit = await answers(problem(429, 'rateLimited', { 'retry-after': '3600' }))
  await assert.rejects(register(limit), (error: { code: string; retryAt: Date }) => {
    assert.equal(error.code, 'acme-rate-limited')
    return Math.abs(error.retryAt.getTime() - Date.now() - 3_600_000) < 60_000
  })
})
