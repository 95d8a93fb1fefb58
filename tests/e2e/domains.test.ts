import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { ask, attempt, failed, freePort, ok, startInstance, underLoad, versionImage, versions } from './harness.ts'

const instance = await startInstance({ suffix: 'domains' })
after(() => instance.remove())
const { ssh, sshLine, hostname, ports, engine, dir } = instance
const image = `${instance.name}/fixture:latest`
await engine.build(image, versions, instance.name)
for (const app of ['shop', 'blog']) ok(await ssh('git:from-image', app, image))

const status = async (host: string, port = ports.http) =>
  await ask({ address: engine.address, port, host }).then(
    (answer) => answer.status,
    () => 0,
  )
const curl = async (host: string, ...words: string[]) => {
  const url = `https://${host}:${ports.https}/`
  const to = `${host}:${ports.https}:${engine.address}`
  return await attempt(['curl', '--silent', '--show-error', '--max-time', '30', '--resolve', to, ...words, url])
}
const pair = async (...names: string[]) => {
  const [key, crt] = [join(dir, 'server.key'), join(dir, 'server.crt')]
  const subject = ['-subj', `/CN=${names[0]}`, '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  ok(await attempt(['openssl', 'req', '-x509', '-days', '90', ...curve, ...subject, '-keyout', key, '-out', crt]))
  return { key: await readFile(key, 'utf8'), crt: await readFile(crt, 'utf8') }
}

test('domains:add, set, remove, disable, enable, clear and reset say where an app is served, and a host is one app’s', async () => {
  const hosts = async () => ok(await ssh('domains:report', 'shop', '--domains-app-vhosts')).trim()
  ok(await ssh('domains:add', 'shop', 'Bücher.example', '*.shop.example'))
  assert.equal(await hosts(), `shop.${hostname} xn--bcher-kva.example *.shop.example`)
  assert.deepEqual([await status('xn--bcher-kva.example'), await status('a.shop.example'), await status('shop.example')], [200, 200, 0])
  assert.match(failed(await ssh('domains:add', 'blog', 'bücher.example')), /already serves shop/)
  ok(await ssh('domains:set', 'shop', 'one.example', 'two.example'))
  assert.equal(await hosts(), 'one.example two.example')
  assert.deepEqual([await status('two.example'), await status('a.shop.example'), await status(`shop.${hostname}`)], [200, 0, 404])
  ok(await ssh('domains:disable', 'shop'))
  assert.deepEqual([await hosts(), await status('one.example')], ['', 0])
  ok(await ssh('domains:enable', 'shop'))
  ok(await ssh('domains:remove', 'shop', 'two.example'))
  assert.deepEqual([await hosts(), await status('one.example'), await status('two.example')], ['one.example', 200, 0])
  ok(await ssh('domains:clear', 'shop'))
  assert.equal(await hosts(), '')
  ok(await ssh('domains:reset', 'shop'))
  assert.deepEqual([await hosts(), await status(`shop.${hostname}`)], [`shop.${hostname}`, 200])
})

test('global domains give every app a name below them, unless that is another app’s', async () => {
  ok(await ssh('domains:add-global', 'apps.example'))
  assert.deepEqual([await status('shop.apps.example'), await status('blog.apps.example'), await status('no.apps.example')], [200, 200, 404])
  ok(await ssh('domains:add', 'blog', 'shop.second.example'))
  assert.match(failed(await ssh('domains:add-global', 'second.example')), /shop\.second\.example already serves blog/)
  assert.equal(ok(await ssh('domains:report', 'shop', '--domains-global-vhosts')).trim(), `${hostname} apps.example`)
  ok(await ssh('domains:remove-global', 'apps.example'))
  assert.equal(await status('shop.apps.example'), 0)
  assert.match(failed(await ssh('domains:set-global', '*.example')), /wildcard/)
})

test('a request below the hostname that is no app’s gets a page that says so, any other gets no answer', async () => {
  const page = await ask({ address: engine.address, port: ports.http, host: `nothing.${hostname}`, headers: { accept: 'text/html' } })
  assert.equal(page.status, 404)
  assert.match(page.body, /no app/i)
  assert.equal(await status('stranger.example'), 0)
})

test('certs:add serves an app over HTTPS from a tar and from PEM, HTTP leads there, and a new certificate fails no request', async () => {
  const host = `shop.${hostname}`
  const first = await pair(host)
  ok(await attempt(['tar', '-C', dir, '-czf', join(dir, 'pair.tgz'), 'server.crt', 'server.key']))
  ok(await sshLine('certs:add shop', { input: await readFile(join(dir, 'pair.tgz')) }))
  assert.match(ok(await curl(host, '--cacert', join(dir, 'server.crt'), '-D', '-')), /strict-transport-security: max-age=15724800/i)
  assert.equal(await status(host), 301)
  assert.equal(ok(await ssh('url', 'shop')).trim(), `https://${host}:${ports.https}`)
  assert.equal(ok(await ssh('certs:report', 'shop', '--ssl-hostnames')).trim(), host)

  await underLoad(instance.target('blog'), async () => {
    for (let turn = 0; turn < 3; turn++) {
      const { crt, key } = await pair(host)
      ok(await sshLine('certs:update shop', { input: key + crt }))
      assert.equal((await shown(host)).fingerprint256, new X509Certificate(crt).fingerprint256)
    }
  })
  assert.notEqual((await shown(host)).fingerprint256, new X509Certificate(first.crt).fingerprint256)
})

test('certs:add refuses what no browser takes, and what was served goes on', async () => {
  const host = `shop.${hostname}`
  const before = (await shown(host)).fingerprint256
  const [mine, other] = [await pair(host), await pair(host)]
  for (const [input, said] of [
    [mine.crt + other.key, /not the one of the certificate/],
    [mine.crt, /no key in it/],
    ['nothing at all', /neither PEM nor an archive/],
    [mine.key, /no certificate in it/],
    ['x'.repeat(2_000_000), /more than 1048576 bytes/],
  ] as const)
    assert.match(failed(await sshLine('certs:add shop', { input })), said)
  assert.match(failed(await ssh('certs:add', 'shop', '/etc/passwd', '/etc/shadow')), /files of the host are not read/)
  assert.equal((await shown(host)).fingerprint256, before)
  ok(await ssh('certs:remove', 'shop'))
  assert.equal(await status(host), 200)
  await assert.rejects(shown(host))
  assert.match(failed(await ssh('certs:show', 'shop', 'crt')), /has no certificate/)
  ok(await ssh('certs:generate', 'shop', host))
  assert.equal(ok(await ssh('certs:report', 'shop', '--ssl-verified')).trim(), 'self signed')
  assert.equal(ok(await curl(host, '--insecure', '--http2', '-o', '/dev/null', '-w', '%{http_version} %{http_code}')), '2 200')
  ok(await ssh('certs:remove', 'shop'))
})

test('ports:add, set, remove and clear lead ports of the host to an app, and what cannot be is taken back', async () => {
  const [plain, tcp] = [await freePort(), await freePort()]
  assert.match(ok(await ssh('ports:list', 'blog')), /^http {15}80 {24}5000$/m)
  ok(await ssh('ports:add', 'blog', 'http:80:5000', `http:${plain}:5000`, `tcp:${tcp}:5000`))
  assert.deepEqual([await status(`blog.${hostname}`, plain), await status(`shop.${hostname}`, plain)], [200, 0])
  assert.equal(await status(`any.example`, tcp), 200)
  ok(await ssh('ps:restart', 'blog'))
  assert.equal(await status(`any.example`, tcp), 200)
  const taken = createServer().listen(0)
  after(() => taken.close())
  const { port } = taken.address() as { port: number }
  assert.match(failed(await ssh('ports:add', 'blog', `tcp:${port}:5000`)), /in use/i)
  assert.match(failed(await ssh('ports:add', 'shop', `tcp:${tcp}:5000`)), /port \d+ is tcp of blog/)
  assert.match(failed(await ssh('ports:add', 'shop', 'http:99999:1')), /no port map/)
  assert.match(failed(await ssh('ports:add', 'shop', `http:${ports.ssh}:1`)), /where dokku itself listens/)
  ok(await ssh('ports:remove', 'blog', `tcp:${tcp}:5000`))
  assert.equal(await status('any.example', tcp), 0)
  ok(await ssh('ports:clear', 'blog'))
  assert.deepEqual([await status(`blog.${hostname}`, plain), await status(`blog.${hostname}`)], [0, 200])
})

test('ports:set tells the next deploy the port that the app is to listen on', async () => {
  const other = `${instance.name}/other:latest`
  await engine.build(other, versionImage('other'), instance.name)
  ok(await ssh('apps:create', 'tied'))
  ok(await ssh('ports:set', 'tied', 'http:80:3000'))
  ok(await ssh('git:from-image', 'tied', other))
  assert.equal(await status(`tied.${hostname}`), 200)
  assert.match(ok(await ssh('ps:inspect', 'tied')), /"dokku.port": "3000"/)
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
