import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { pebble } from '#lib/acme/pebble.fixture.ts'
import { attempt, eventually, failed, freePort, engine as hostEngine, ok, scratch, startInstance, versions } from './harness.ts'

const gateway = ok(await hostEngine().docker(['network', 'inspect', 'bridge', '--format', '{{(index .IPAM.Config 0).Gateway}}'])).trim()
const httpPort = await freePort()
const server = await pebble({ after }, { address: gateway, httpPort })
const { dir, remove } = await scratch()
after(remove)
// Control trusts what the machine trusts, and pebble.
const bundle = process.env.DOKKU_CA_FILE || '/etc/dokku/ca.crt'
await writeFile(join(dir, 'ca.crt'), `${existsSync(bundle) ? await readFile(bundle, 'utf8') : ''}\n${server.authority.ca}`)
process.env.DOKKU_CA_FILE = join(dir, 'ca.crt')
await writeFile(join(dir, 'root.crt'), server.root)
const instance = await startInstance({ suffix: 'acme', env: { DOKKU_HTTP_PORT: String(httpPort) } })
after(() => instance.remove())
const { ssh, hostname, ports, engine } = instance
const image = `${instance.name}/fixture:latest`
await engine.build(image, versions, instance.name)
ok(await ssh('git:from-image', 'shop', image))
const host = `shop.${hostname}`

const curl = async (...words: string[]) =>
  await attempt([
    'curl',
    ...['--silent', '--show-error', '--max-time', '30', '--cacert', join(dir, 'root.crt')],
    ...['--resolve', `${host}:${ports.https}:${engine.address}`, '--output', '/dev/null', '--write-out', '%{http_code}', ...words],
    `https://${host}:${ports.https}/`,
  ])

test('letsencrypt:enable wants an address, and says what goes wrong while the app goes on', async () => {
  assert.match(failed(await ssh('letsencrypt:enable', 'shop')), /letsencrypt:set --global email/)
  ok(await ssh('letsencrypt:set', 'shop', 'email', 'ada@example.com'))
  assert.match(failed(await ssh('letsencrypt:enable', 'shop')), /is not a name of the internet/)
  ok(await ssh('letsencrypt:set', 'shop', 'server', `https://${gateway}:1/dir`))
  assert.match(failed(await ssh('letsencrypt:enable', 'shop')), /does not answer as one/)
  assert.match(ok(await ssh('letsencrypt:report', 'shop', '--letsencrypt-error')), /does not answer as one/)
  assert.match(ok(await ssh('letsencrypt:list')), /^shop .*does not answer/m)
  assert.equal((await instance.fetch('shop', '/', { port: httpPort })).status, 200)
  for (const [key, value] of [
    ['server', 'ftp://x'],
    ['email', 'nobody'],
    ['graceperiod', 'soon'],
  ] as const)
    assert.match(failed(await ssh('letsencrypt:set', 'shop', key, value)), / ! {5}/)
  ok(await ssh('letsencrypt:disable', 'shop'))
})

test('once there is a global address, a certificate comes by itself, leads to the authority’s root and survives a restart', async () => {
  ok(await ssh('letsencrypt:set', 'shop', 'email'))
  ok(await ssh('letsencrypt:set', 'shop', 'server'))
  ok(await ssh('letsencrypt:set', '--global', 'server', server.authority.directory))
  ok(await ssh('letsencrypt:set', '--global', 'email', 'ada@example.com'))
  ok(await ssh('git:from-image', 'blog', image))
  await eventually(async () => assert.match(ok(await ssh('events', 'blog')), /a certificate for blog\.\S+ has come/))
  assert.equal(ok(await ssh('letsencrypt:active', 'blog')), 'true\n')
  assert.equal((await shown(`blog.${hostname}`)).checkIssued(new X509Certificate(server.root)), false)
  ok(await engine.docker(['restart', instance.name]))
  await eventually(async () => ok(await ssh('letsencrypt:active', 'blog')))
  await eventually(async () => assert.match(ok(await ssh('letsencrypt:report', 'blog', '--letsencrypt-next')), /^20\d\d-/))
})

test('letsencrypt:enable and renew serve an app with a fresh certificate, and no request fails', async () => {
  ok(await ssh('letsencrypt:enable', 'shop'))
  assert.equal(ok(await curl()), '200')
  assert.equal((await instance.fetch('shop', '/', { port: httpPort })).status, 301)
  const first = await shown(host)
  let done = false
  const asking = Promise.all(
    Array.from({ length: 3 }, async () => {
      const seen: string[] = []
      while (!done) seen.push(ok(await curl()))
      return seen
    }),
  )
  try {
    ok(await ssh('letsencrypt:renew', 'shop'))
    assert.notEqual((await shown(host)).fingerprint256, first.fingerprint256)
    assert.match(ok(await ssh('letsencrypt:auto-renew', 'shop')), /is not due/)
  } finally {
    done = true
  }
  const seen = (await asking).flat()
  assert.ok(seen.length > 3)
  assert.deepEqual([...new Set(seen)], ['200'])
  assert.equal(ok(await curl()), '200')
})

test('a host that is added is in the next certificate, which comes by itself', async () => {
  ok(await ssh('domains:add', 'shop', 'www.shop.test'))
  await eventually(async () => assert.ok((await shown('www.shop.test')).checkHost('www.shop.test')))
})

test('a host that does not lead here is said and left out, and the others keep their certificate', async () => {
  const before = (await shown(host)).fingerprint256
  await server.forget('elsewhere.test')
  ok(await ssh('domains:add', 'shop', 'elsewhere.test'))
  await eventually(async () =>
    assert.match(ok(await ssh('letsencrypt:report', 'shop', '--letsencrypt-error')), /not proven: elsewhere\.test/),
  )
  assert.equal((await shown(host)).fingerprint256, before)
  assert.match((await ssh('letsencrypt:renew', 'shop')).stderr, /Left out: elsewhere\.test/)
  assert.notEqual((await shown(host)).fingerprint256, before)
})

test('a wildcard has a certificate once a plugin fills the DNS, and is left out before', async () => {
  ok(await ssh('domains:add', 'blog', `*.blog.${hostname}`))
  const without = await ssh('letsencrypt:enable', 'blog')
  assert.match(without.stderr, /Left out: \*\.blog\./)
  assert.equal((await shown(`any.blog.${hostname}`)).checkHost(`any.blog.${hostname}`), undefined)
  ok(await engine.docker(['cp', join(import.meta.dirname, '../plugins/txt'), `${instance.name}:/tmp/txt`]))
  ok(await ssh('plugin:install', '/tmp/txt', '--yes'))
  ok(await ssh('plugin:config', 'txt', 'URL', server.dns))
  const enabled = await ssh('letsencrypt:enable', 'blog')
  assert.match(ok(enabled), /add the record of/)
  assert.ok((await shown(`any.blog.${hostname}`)).checkHost(`any.blog.${hostname}`))
  assert.ok((await shown(`blog.${hostname}`)).checkHost(`blog.${hostname}`))
})

test('an imported certificate stays, and one that is revoked or disabled is not served any more', async () => {
  ok(await ssh('letsencrypt:revoke', 'shop'))
  await assert.rejects(shown(host))
  assert.equal(failed(await ssh('letsencrypt:active', 'shop')), 'false\n')
  ok(await ssh('letsencrypt:disable', 'blog'))
  await assert.rejects(shown(`blog.${hostname}`))
  ok(await ssh('certs:generate', 'blog', `blog.${hostname}`))
  assert.match(failed(await ssh('letsencrypt:renew', 'blog')), /no certificate that came by itself/)
  assert.match(ok(await ssh('letsencrypt:cron-job', '--add')), /by themselves/)
})

/** The certificate that a client gets who asks for a name. */
function shown(servername: string): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: engine.address, port: ports.https, servername, rejectUnauthorized: false }, () => {
      const certificate = socket.getPeerX509Certificate()
      socket.destroy()
      if (certificate === undefined) reject(new Error('no certificate'))
      else resolve(certificate)
    })
    socket.on('error', reject)
  })
}
