import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ask, eventually, failed, freePort, ok, startInstance, underLoad, versionImage } from './harness.ts'

const instance = await startInstance({ suffix: 'proxies' })
const { engine, name, ssh, hostname, ports } = instance
const caddyPort = await freePort()
const caddyImage = `${name}/caddy:latest`
const caddy = async () => ok(await engine.docker(['exec', name, 'hostname'])).trim()
after(async () => {
  await engine.docker(['rm', '--force', '--volumes', `${await caddy()}-caddy`])
  await instance.remove()
})
const image = (version: string) => `${name}/${version}:latest`
for (const version of ['one', 'two']) await engine.build(image(version), versionImage(version), name)

/** A proxy, and where it serves: what all of them have to do is below. */
interface Served {
  readonly type: string
  readonly port: number
  /** Does a change close connections that nothing was answered on yet? HTTP allows that, and clients ask again. */
  readonly closes: boolean
  /** Ends it and has it come back by itself. */
  restart(): Promise<void>
}

const nginx: Served = {
  type: 'nginx',
  port: ports.http,
  closes: false,
  restart: async () => void ok(await engine.docker(['restart', `${name}-nginx`])),
}
const plugin: Served = {
  type: 'caddy',
  port: caddyPort,
  closes: true,
  restart: async () => void ok(await engine.docker(['restart', `${await caddy()}-caddy`])),
}

const at = (port: number, host: string) => ({ address: engine.address, port, host, timeoutMs: 5000 })
const body = async (port: number, host: string) => (await ask(at(port, host))).body
const isServed = async (port: number, host: string) =>
  await ask(at(port, host)).then(
    ({ status, body: text }) => status === 200 && ['one', 'two'].includes(text),
    () => false,
  )

test('the plugin is a proxy once it is installed', async () => {
  assert.match(failed(await ssh('proxy:set', '--global', 'type', 'caddy')), /there is no proxy "caddy"/)
  await engine.build(
    caddyImage,
    { Dockerfile: 'FROM debian:trixie-slim\nRUN apt-get update && apt-get install -y --no-install-recommends caddy\n' },
    name,
  )
  ok(await engine.docker(['cp', join(import.meta.dirname, '../plugins/caddy'), `${name}:/tmp/caddy`]))
  ok(await ssh('plugin:install', '/tmp/caddy', '--yes'))
  ok(await ssh('plugin:config', 'caddy', 'IMAGE', caddyImage))
  ok(await ssh('plugin:config', 'caddy', 'PORT', String(caddyPort)))
})

for (const { type, port, closes, restart } of [nginx, plugin]) {
  const app = `by-${type}`
  const host = `${app}.${hostname}`

  test(`${type} serves an app by its hosts, and nobody else`, async () => {
    ok(await ssh('apps:create', app))
    ok(await ssh('proxy:set', app, 'type', type))
    ok(await ssh('git:from-image', app, image('one')))
    assert.equal(await body(port, host), 'one')
    ok(await ssh('domains:add', app, `${type}.example`))
    assert.equal(await body(port, `${type}.example`), 'one')
    assert.equal(await isServed(port, 'stranger.example'), false)
    assert.equal(ok(await ssh('proxy:report', app, '--proxy-serves')).trim(), type)
  })

  test(`${type} switches to another release without a failed request`, async () => {
    const change = async () => {
      ok(await ssh('git:from-image', app, image('two')))
      ok(await ssh('ps:scale', app, 'web=2'))
      ok(await ssh('releases:rollback', app))
    }
    await underLoad(at(port, host), change, { again: closes })
    await eventually(async () => assert.equal(await body(port, host), 'two'))
  })

  test(`${type} serves what it served before, once it is back`, async () => {
    await restart()
    await eventually(async () => assert.equal(await body(port, host), 'two'))
  })

  test(`${type} serves an app no more whose proxy is disabled, and again once it is enabled`, async () => {
    ok(await ssh('proxy:disable', app))
    assert.equal(await isServed(port, host), false)
    ok(await ssh('proxy:enable', app))
    assert.equal(await body(port, host), 'two')
  })
}

test('an app that changes its proxy is served by the new one before the old one leaves', async () => {
  const host = `by-caddy.${hostname}`
  ok(await ssh('proxy:set', 'by-caddy', 'type', 'nginx'))
  assert.deepEqual([await isServed(ports.http, host), await isServed(caddyPort, host)], [true, false])
  ok(await ssh('proxy:set', 'by-caddy', 'type', 'caddy'))
  assert.deepEqual([await isServed(ports.http, host), await isServed(caddyPort, host)], [false, true])
})

test('what only nginx does is said of an app that another proxy serves', async () => {
  assert.match((await ssh('nginx:set', 'by-caddy', 'client-max-body-size', '20m')).stderr, /nginx:set: caddy does not do that/)
  ok(await ssh('nginx:set', 'by-caddy', 'client-max-body-size'))
})

test('none serves nothing, and the app runs', async () => {
  ok(await ssh('proxy:set', 'by-nginx', 'type', 'none'))
  assert.equal(await isServed(ports.http, `by-nginx.${hostname}`), false)
  assert.match(failed(await ssh('url', 'by-nginx')), /has no domain/)
  assert.match(ok(await ssh('ps:report', 'by-nginx', '--running')), /true/)
  ok(await ssh('git:from-image', 'by-nginx', image('one')))
  ok(await ssh('proxy:set', 'by-nginx', 'type'))
  assert.equal(await body(ports.http, `by-nginx.${hostname}`), 'one')
})

test('an app that goes is served by nobody', async () => {
  ok(await ssh('--force', 'apps:destroy', 'by-caddy'))
  assert.equal(await isServed(caddyPort, `by-caddy.${hostname}`), false)
})
