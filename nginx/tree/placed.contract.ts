import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { test } from 'node:test'
import { run } from '#lib/exec.ts'
import { app, applianceOf, freePort, get } from '../harness.ts'
import { ask } from '../socket.ts'

test('a tree’s stream carries TCP on a port of its own, and shares none with sites', async (t) => {
  const { client, socket, port: httpPort } = await applianceOf(t)
  const put = (stream: unknown) => ask(socket, 'PUT', '/v1/config/stream', { body: JSON.stringify(stream) })
  const { upstream } = await app(t, (_, response) => response.end('database'))
  const port = await freePort()
  const server = { listen: port, proxy_pass: 'database' }
  const made = await put({ proxy_timeout: '1h', upstream: { database: { server: `127.0.0.1:${upstream.port}` } }, server: [server] })
  assert.equal(made.status, 200, made.text)
  assert.equal((await get(port, 'any.test')).text, 'database')
  assert.match((await put({ server: [{ ...server, listen: httpPort }] })).text, /is for HTTP/)
  const site = { name: 'shop', hosts: ['shop.test'], listeners: [{ scheme: 'http', port } as const] }
  await assert.rejects(client.putSite(site), /port \d+ is tcp of the tree/)
  assert.equal((await get(port, 'any.test')).text, 'database')
})

test('a server of the tree has its own certificate beside those of sites, and unknown names still get no handshake', async (t) => {
  const folder = `/srv/tree-${process.pid}`
  await mkdir(folder, { recursive: true })
  t.after(() => run(['rm', '-r', folder]))
  const subject = ['-subj', '/CN=tree.test', '-addext', 'subjectAltName=DNS:tree.test']
  const out = ['-keyout', `${folder}/key.pem`, '-out', `${folder}/cert.pem`]
  await run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', ...subject, ...out])
  const { httpsPort, socket } = await applianceOf(t)
  const server = {
    listen: `${httpsPort} ssl`,
    server_name: 'tree.test',
    ssl_certificate: `${folder}/cert.pem`,
    ssl_certificate_key: `${folder}/key.pem`,
    location: { '/': { return: [200, 'tree'] } },
  }
  const { status, text } = await ask(socket, 'PUT', '/v1/config/http', { body: JSON.stringify({ server: [server] }) })
  assert.equal(status, 200, text)
  const curl = (host: string) =>
    run(
      [
        'curl',
        '--silent',
        '--cacert',
        `${folder}/cert.pem`,
        '--resolve',
        `${host}:${httpsPort}:127.0.0.1`,
        `https://${host}:${httpsPort}/`,
      ],
      {
        allow: 'any',
      },
    )
  assert.equal((await curl('tree.test')).stdout, 'tree')
  assert.equal((await curl('nobody.test')).exitCode, 35)
})
