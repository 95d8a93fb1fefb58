import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ask, attempt, broken, eventually, failed, ok, repo, startInstance, versionImage } from './harness.ts'

const instance = await startInstance({ suffix: 'front' })
const { ssh, fetch, admin, hostname, engine } = instance
const source = await repo(versionImage('one'))
after(() => Promise.all([instance.remove(), source.remove()]))

const status = async (path = '/', headers = {}) => (await fetch('shop', path, { headers })).status
const browser = { accept: 'text/html' }
const basic = (words: string) => ({ authorization: `Basic ${Buffer.from(words).toString('base64')}` })

test('an app is closed for a while, with a page of its own, and opened again; its settings hold through a deploy', async () => {
  assert.equal((await instance.push(source, 'shop')).exitCode, 0)
  ok(await ssh('maintenance:enable', 'shop'))
  const usual = await fetch('shop', '/', { headers: browser })
  assert.deepEqual([usual.status, usual.headers['retry-after']], [503, '300'])
  assert.match(usual.body, /<h1>Back in a while<\/h1>/)
  ok(await admin(['maintenance:custom-page', 'shop'], { input: '<h1>später $host</h1>' }))
  assert.equal((await fetch('shop', '/', { headers: browser })).body, '<h1>später $host</h1>')
  failed(await admin(['maintenance:custom-page', 'shop'], { input: '' }))
  ok(await ssh('ps:restart', 'shop'))
  assert.deepEqual(JSON.parse(ok(await ssh('maintenance:report', 'shop', '--format', 'json'))), { enabled: 'true', page: 'custom' })
  assert.match(ok(await ssh('maintenance', 'shop')), /Maintenance enabled: +true/)
  assert.equal(await status(), 503)
  ok(await ssh('maintenance:disable', 'shop'))
  assert.equal((await fetch('shop')).body, 'one')
})

test('a password stands in front of an app, but not of an allowed address; a bad word loses nothing', async () => {
  ok(await ssh('http-auth:enable', 'shop', 'ada', 'open "sesame";}'))
  assert.deepEqual([await status(), await status('/', basic('ada:open "sesame";}')), await status('/', basic('ada:x'))], [401, 200, 401])
  ok(await admin(['http-auth:add-user', 'shop', 'bücher'], { input: 'from a pipe\n' }))
  assert.equal(await status('/', basic('bücher:from a pipe')), 200)
  assert.match(failed(await ssh('http-auth:add-user', 'shop', 'a:b', 'x')), /without a colon/)
  assert.match(failed(await ssh('http-auth:add-allowed-ip', 'shop', '10.0.0.0/8;')), /a network is an IP address/)
  assert.equal(ok(await ssh('http-auth:report', 'shop', '--http-auth-users')), 'ada bücher\n')
  assert.doesNotMatch(ok(await ssh('audit', '--count', '50')), /sesame/)
  ok(await ssh('http-auth:add-allowed-ip', 'shop', '0.0.0.0/0'))
  assert.equal(await status(), 200)
  ok(await ssh('http-auth:disable', 'shop'))
})

test('a host leads to another until it no longer does, and belongs to nobody else meanwhile', async () => {
  const asked = () => ask({ ...instance.target('shop', '/a?b=c'), host: `old.${hostname}` })
  ok(await ssh('redirect:set', 'shop', `old.${hostname}`, `shop.${hostname}`, '302'))
  const moved = await asked()
  assert.deepEqual([moved.status, moved.headers.location], [302, `http://shop.${hostname}/a?b=c`])
  ok(await ssh('apps:create', 'other'))
  assert.match(failed(await ssh('domains:add', 'other', `old.${hostname}`)), /already serves shop/)
  assert.match(failed(await ssh('redirect:set', 'shop', 'a.test', 'b.test;')), /no host to redirect to/)
  ok(await ssh('redirect:unset', 'shop', `old.${hostname}`))
  const later = await asked().catch(() => undefined)
  assert.notEqual(later?.status, 302)
})

test('settings of nginx are checked, count at once, and are put back where nginx refuses them', async () => {
  ok(await ssh('nginx:set', 'shop', 'client-max-body-size', '1k'))
  const post = { method: 'POST', body: 'x'.repeat(2000) }
  assert.equal((await fetch('shop', '/', post)).status, 413)
  assert.match(failed(await ssh('nginx:set', 'shop', 'client-max-body-size', '1k; }')), /a size is a number of bytes/)
  assert.match(failed(await ssh('nginx:set', 'shop', 'proxy-busy-buffers-size', '512k')), /proxy_busy_buffers_size/)
  assert.equal(ok(await ssh('nginx:report', 'shop', '--nginx-proxy-busy-buffers-size')), '\n')
  ok(await ssh('nginx:set', '--global', 'headers', 'X-Frame-Options: DENY'))
  assert.equal((await fetch('shop')).headers['x-frame-options'], 'DENY')
  ok(await ssh('nginx:set', '--global', 'headers'))
  ok(await ssh('nginx:set', 'shop', 'rate-limit', '1r/m'))
  ok(await ssh('nginx:set', 'shop', 'rate-limit-burst', '1'))
  assert.deepEqual([await status(), await status(), await status()], [200, 200, 429])
  ok(await ssh('nginx:set', 'shop', 'rate-limit'))
  ok(await ssh('nginx:set', 'shop', 'deny', '0.0.0.0/0'))
  ok(await admin(['nginx:set-page', 'shop', '403'], { input: '<p>not you' }))
  assert.equal((await fetch('shop', '/', { headers: browser })).body, '<p>not you')
  ok(await ssh('nginx:set', 'shop', 'deny'))
  ok(await ssh('nginx:unset-page', 'shop', '403'))
  assert.equal((await fetch('shop', '/', post)).status, 413)
})

const template = `{{ range $map := .PROXY_PORT_MAP | split " " }}{{ $list := $map | split ":" }}{{ if eq (index $list 0) "http" }}
server {
  listen [{{ $.NGINX_BIND_ADDRESS_IP6 }}]:{{ index $list 1 }};
  listen {{ index $list 1 }};
  server_name {{ $.NOSSL_SERVER_NAME }};
  access_log {{ $.NGINX_ACCESS_LOG_PATH }};
  location = /made { return 200 "by a template of {{ $.APP }}"; }
  location / { proxy_pass http://{{ $.APP }}-{{ index $list 2 }}; }
}
{{ end }}{{ end }}upstream {{ $.APP }}-{{ $.PROXY_UPSTREAM_PORTS }} {
{{ range $listener := $.DOKKU_APP_WEB_LISTENERS | split " " }}  server {{ $listener }};
{{ end }}}
`

test('a repository’s template is ignored with a hint, served once an admin allows it, and refused for what it may not', async () => {
  await source.commit({ 'nginx.conf.sigil': template })
  const first = await instance.push(source, 'shop')
  assert.equal(first.exitCode, 0)
  assert.match(first.stderr, /nginx\.conf\.sigil is ignored: an admin may allow it by nginx:set shop allow-raw-config true/)
  assert.notEqual((await fetch('shop', '/made')).body, 'by a template of shop')

  ok(await ssh('nginx:set', 'shop', 'allow-raw-config', 'true'))
  assert.equal((await fetch('shop', '/made')).body, 'by a template of shop')
  assert.equal((await fetch('shop')).body, 'one')
  ok(await ssh('ps:restart', 'shop'))
  assert.deepEqual([(await fetch('shop', '/made')).status, (await fetch('shop')).body], [200, 'one'])

  await source.commit({ 'nginx.conf.sigil': template.replace('location /', 'include /etc/shadow; location /') })
  const wrong = await instance.push(source, 'shop')
  assert.notEqual(wrong.exitCode, 0)
  assert.match(wrong.stderr, /"\/etc\/shadow" is not a file of the app/)
  assert.equal((await fetch('shop', '/made')).body, 'by a template of shop')

  ok(await ssh('maintenance:enable', 'shop'))
  assert.equal(await status('/made'), 503)
  ok(await ssh('maintenance:disable', 'shop'))
  assert.equal(await status('/made'), 200)
  ok(await ssh('nginx:set', 'shop', 'allow-raw-config'))
  assert.equal((await fetch('shop', '/made')).body, 'one')
})

test('an app that is deployed for the first time says so, and is nowhere again where that fails', async () => {
  const late = await repo(broken.neverListens)
  const pushed = instance.push(late, 'late')
  await eventually(async () => {
    const { status, body } = await fetch('late')
    assert.deepEqual([status, /is being deployed/.test(body)], [503, true])
  })
  assert.notEqual((await pushed).exitCode, 0)
  await late.remove()
  assert.match((await fetch('late')).body, /There is no app here/)
})

test('a template serves an app with its certificate', async () => {
  const encrypted = `{{ if .SSL_INUSE }}server {
  listen {{ .PROXY_SSL_PORT }} ssl;
  server_name {{ .SSL_SERVER_NAME }};
  ssl_certificate {{ .APP_SSL_PATH }}/server.crt;
  ssl_certificate_key {{ .APP_SSL_PATH }}/server.key;
  location = /made { return 200 "encrypted by a template of {{ .APP }}"; }
}
{{ end }}`
  ok(await ssh('nginx:set', 'shop', 'allow-raw-config', 'true'))
  ok(await ssh('certs:generate', 'shop', `shop.${hostname}`))
  await source.commit({ 'nginx.conf.sigil': `${template}${encrypted}` })
  const pushed = await instance.push(source, 'shop')
  assert.equal(pushed.exitCode, 0, pushed.stderr)
  const { address, port } = { address: engine.address, port: instance.ports.https }
  const at = `shop.${hostname}:${port}`
  const said = ok(await attempt(['curl', '-sk', '--resolve', `${at}:${address}`, `https://${at}/made`]))
  assert.equal(said, 'encrypted by a template of shop')
  assert.equal((await fetch('shop', '/made')).body, 'by a template of shop')
})
