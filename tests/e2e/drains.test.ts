import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcp, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createServer as createTls } from 'node:tls'
import { run } from '#lib/exec.ts'
import { eventually, failed, keyPair, ok, startInstance, untilHealthy, versionImage } from './harness.ts'

const instance = await startInstance({ suffix: 'drains' })
const { ssh, engine, name, dir } = instance
const closers: (() => void)[] = []
after(async () => {
  for (const close of closers) close()
  await instance.remove()
})
await engine.build(`${name}/fixture:latest`, versionImage('one'), name)
ok(await ssh('git:from-image', 'shop', `${name}/fixture:latest`))
ok(await ssh('git:from-image', 'blog', `${name}/fixture:latest`))
const host = ok(await engine.docker(['inspect', '--format', '{{.NetworkSettings.Gateway}}', name])).trim()

/** Has the web process of an app write so many lines. */
async function write(app: string, word: string, count = 1): Promise<void> {
  const loop = `i=0; while [ $i -lt ${count} ]; do i=$((i+1)); echo "${word} $i"; done >/proc/1/fd/1`
  ok(await engine.docker(['exec', `${name}-${app}.web.1`, 'sh', '-c', loop]))
}

const report = async (...words: string[]) => JSON.parse(ok(await ssh('drains:report', ...words, '--format', 'json')))
const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port

/** A receiver of JSON lines; `status` is what it answers, 0 is nothing at all. */
async function receiver() {
  const texts: string[] = []
  const state = { texts, status: 200, authorization: '', port: 0 }
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk
    })
    request.on('end', () => {
      state.authorization = request.headers.authorization ?? ''
      if (state.status === 0) return
      if (state.status === 200)
        texts.push(
          ...body
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line))
            .map(({ app, text }) => `${app}: ${text}`),
        )
      response.writeHead(state.status).end()
    })
  }).listen(0)
  await once(server, 'listening')
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  state.port = portOf(server)
  return state
}

/** A receiver of framed syslog messages on connections. */
function framed(onMessage: (text: string) => void) {
  return (socket: Socket) => {
    let bytes = Buffer.alloc(0)
    closers.push(() => socket.destroy())
    socket
      .on('error', () => undefined)
      .on('data', (chunk) => {
        bytes = Buffer.concat([bytes, chunk])
        for (;;) {
          const at = bytes.indexOf(' ')
          const length = Number(bytes.toString('utf8', 0, Math.max(at, 0)))
          if (at < 0 || bytes.length < at + 1 + length) return
          onMessage(bytes.toString('utf8', at + 1, at + 1 + length))
          bytes = bytes.subarray(at + 1 + length)
        }
      })
  }
}

test('lines of one app go to syslog by UDP and TCP, from the time on when that was asked for', async () => {
  const got = { udp: [] as string[], tcp: [] as string[] }
  const udp = createSocket('udp4', (message) => got.udp.push(String(message)))
  udp.bind(0)
  await once(udp, 'listening')
  const tcp = createTcp(framed((text) => got.tcp.push(text))).listen(0)
  await once(tcp, 'listening')
  closers.push(
    () => udp.close(),
    () => tcp.close(),
  )
  await write('shop', 'before')
  assert.match(ok(await ssh('drains:add', 'shop', `syslog://${host}:${portOf(udp)}`)), /Lines of shop go to syslog:\/\//)
  ok(await ssh('drains:add', 'shop', `syslog+tcp://${host}:${portOf(tcp)}`))
  await write('shop', 'after')
  await write('blog', 'other')
  for (const kind of ['udp', 'tcp'] as const) {
    await eventually(async () => assert.equal(got[kind].length, 1))
    assert.match(got[kind][0] ?? '', /^<14>1 20\S+Z drains\.e2e\.test shop web\.1 stdout \[dokku@32473 release="v1"\] after 1$/)
  }
  for (const { id } of JSON.parse(ok(await ssh('drains:list', 'shop', '--format', 'json'))))
    ok(await ssh('drains:remove', 'shop', String(id)))
  assert.match(ok(await ssh('drains:list', 'shop')), /has no drains/)
})

test('lines go to syslog over TLS only where the certificate is trusted', async () => {
  const file = (of: string) => join(dir, of)
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'] as const
  const of = ['-subj', '/CN=logs', '-addext', `subjectAltName=IP:${host}`, '-keyout', file('key'), '-out', file('crt')] as const
  await run(['openssl', 'req', '-x509', ...curve, ...of])
  const texts: string[] = []
  const server = createTls(
    { key: await readFile(file('key')), cert: await readFile(file('crt')) },
    framed((text) => texts.push(text)),
  ).listen(0)
  server.on('tlsClientError', () => undefined)
  await once(server, 'listening')
  closers.push(() => server.close())
  ok(await ssh('drains:add', 'shop', `syslog+tls://${host}:${portOf(server)}`))
  await write('shop', 'secret')
  await eventually(async () => assert.match((await report('shop'))[0].error, /self[- ]signed|unable to verify/))
  assert.deepEqual(texts, [])
  // Control that trusts it sends what waited.
  ok(await engine.docker(['cp', file('crt'), `${name}:/etc/dokku/ca.crt`]))
  ok(await engine.docker(['restart', '--time', '60', name]))
  await untilHealthy(engine, name)
  await eventually(async () => assert.match(texts.join('\n'), /secret 1$/))
  ok(await ssh('drains:remove', 'shop', `syslog+tls://${host}:${portOf(server)}`))
})

test('lines of every app go to an HTTP receiver as JSON, over deploys and a death of control, none lost', async () => {
  const to = await receiver()
  ok(await ssh('drains:add', '--global', `http://ada:hunter2@${host}:${to.port}/in`))
  assert.doesNotMatch(ok(await ssh('drains:list', '--global')) + ok(await ssh('drains:report', '--global')), /hunter2/)
  await write('shop', 'first', 500)
  await write('blog', 'first', 500)
  await eventually(async () => assert.equal(to.texts.filter((text) => text.includes('first')).length, 1000))
  assert.equal(to.authorization, `Basic ${Buffer.from('ada:hunter2').toString('base64')}`)
  ok(await ssh('config:set', 'shop', 'VERSION=two'))
  await eventually(async () =>
    assert.ok(to.texts.includes('shop: web one stops') && to.texts.some((text) => text.startsWith('shop: web two listens'))),
  )
  await eventually(async () => assert.ok((await report('--global'))[0].delivered >= 1000))
  ok(await engine.docker(['kill', name]))
  await write('shop', 'meanwhile', 100)
  ok(await engine.docker(['start', name]))
  await untilHealthy(engine, name)
  await eventually(async () => assert.equal(new Set(to.texts.filter((text) => text.startsWith('shop: meanwhile'))).size, 100))
})

test('a receiver that hangs or fails keeps nobody waiting, and gets what fits the buffer once it takes lines again', async () => {
  const to = await receiver()
  to.status = 0
  ok(await ssh('drains:add', 'blog', `http://${host}:${to.port}/`))
  await write('blog', 'held', 2000)
  ok(await ssh('ps:restart', 'blog'))
  assert.equal((await instance.fetch('blog')).status, 200)
  await eventually(async () => assert.ok((await report('blog'))[0].buffered > 0))
  to.status = 503
  await eventually(async () => assert.match((await report('blog'))[0].error ?? '', /503|abort/), 60)
  to.status = 200
  await eventually(async () => assert.equal(to.texts.filter((text) => text.startsWith('blog: held')).length, 2000), 90)
  assert.equal((await report('blog'))[0].dropped, 0)
})

test('a plugin takes lines by its hook', async () => {
  assert.match(failed(await ssh('drains:add', 'shop', 'plugin://collect/shop')), /no plugin collect/)
  ok(await engine.docker(['cp', join(import.meta.dirname, '../plugins/collect'), `${name}:/tmp/collect`]))
  ok(await ssh('plugin:install', '/tmp/collect', '--yes'))
  ok(await ssh('drains:add', 'shop', 'plugin://collect/shop'))
  await write('shop', 'by plugin')
  await eventually(async () => assert.match(ok(await engine.docker(['exec', name, 'cat', '/tmp/collect-shop'])), /"text":"by plugin 1"/))
})

test('whoever is no admin of the instance sends nothing into private networks, and nothing of every app', async () => {
  const key = join(dir, 'eve')
  const publicKey = await keyPair(key)
  ok(await instance.admin(['ssh-keys:add', 'eve', '--role', 'viewer'], { input: publicKey }))
  ok(await ssh('access:grant', 'eve', 'admin', 'shop'))
  const eve = (line: string) => instance.sshLine(line, { key })
  assert.match(failed(await eve('drains:add --global https://logs.example.com')), /admin/)
  ok(await eve(`drains:add shop http://${host}:1/`))
  await write('shop', 'inner')
  await eventually(async () => assert.match(JSON.parse(ok(await eve('drains:report shop --format json'))).at(-1).error, /private network/))
  for (const url of ['ftp://host', 'unix:///run/dokku.sock', 'syslog://host/path'])
    assert.match(failed(await ssh('drains:add', 'shop', url)), /nothing that lines/)
  assert.match(failed(await ssh('drains:add', 'shop', 'plugin://collect/shop')), /already/)
  assert.match(failed(await ssh('drains:remove', 'shop', '99')), /has no drain/)
})
