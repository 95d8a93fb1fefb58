import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ask, failed, ok, repo, runByHand, startInstance, versionImage } from './harness.ts'

const instance = await startInstance({ suffix: 'sites' })
const { engine, name, ssh, fetch, hostname } = instance
const source = await repo(versionImage('one'))
after(() => Promise.all([instance.remove(), source.remove()]))

const inside = async (line: string) => ok(await engine.docker(['exec', name, 'bash', '-c', line]))
const status = async (app: string, path = '/', headers = {}) => (await fetch(app, path, { headers })).status
const ada = { authorization: `Basic ${Buffer.from('ada:open sesame').toString('base64')}` }
const hook = '/var/lib/dokku/plugins/available/gate/nginx-pre-reload'
const www = () => ask({ ...instance.target('shop', '/a?b=c'), host: `www.${hostname}` })

test('a password, a page in place of the app and a forward come and go, by plugins in Bash', async () => {
  for (const plugin of ['gate', 'pause', 'forward']) {
    ok(await engine.docker(['cp', join(import.meta.dirname, '../plugins', plugin), `${name}:/tmp/${plugin}`]))
    ok(await ssh('plugin:install', `/tmp/${plugin}`, '--yes'))
  }
  ok(await ssh('apps:create', 'other'))
  ok(await ssh('domains:add', 'other', `another.${hostname}`))
  assert.equal((await instance.push(source, 'shop')).exitCode, 0)

  ok(await ssh('gate:enable', 'shop', 'ada', 'open sesame'))
  assert.deepEqual([await status('shop'), await status('shop', '/', ada), await status('other')], [401, 200, 502])

  assert.match(ok(await ssh('plugin:trigger', 'ports-get-available')), /^\d+\n$/)
  ok(await ssh('forward:set', 'shop', `www.${hostname}`, `shop.${hostname}`))
  const moved = await www()
  assert.deepEqual([moved.status, moved.headers.location], [301, `http://shop.${hostname}/a?b=c`])

  ok(await ssh('pause:enable', 'shop'))
  const page = await fetch('shop', '/any/where', { headers: ada })
  assert.deepEqual([page.status, /Back soon/.test(page.body)], [503, true])
  const image = await fetch('shop', '/paused.svg', { headers: ada })
  assert.deepEqual([image.status, image.headers['content-type']], [200, 'image/svg+xml'])
  ok(await ssh('pause:disable', 'shop'))
  ok(await ssh('pause:enable', 'other'))
  assert.equal((await fetch('shop', '/', { headers: ada })).body, 'one')
  assert.match(
    ok(await ssh('nginx:show-config', 'shop')),
    /server_name www\.[\s\S]*# \/home\/dokku\/shop\/nginx\.conf\.d\/gate\.conf\nauth_basic/,
  )
})

test('they hold through a restart, a new domain, a control killed while a plugin is asked, and a killed appliance', async () => {
  ok(await ssh('ps:restart', 'shop'))
  ok(await ssh('domains:add', 'shop', `new.${hostname}`))
  const waits = String.raw`printf '#!/bin/sh\necho >/tmp/asked; exec sleep 600\n'`
  await inside(`mkfifo /tmp/asked && cp ${hook} /var/lib/dokku/hook && ${waits} >${hook}`)
  const building = instance.sshStart(['proxy:build-config', 'shop'])
  await inside('cat /tmp/asked')
  building.kill('SIGKILL')
  ok(await engine.docker(['rm', '--force', name]))
  await runByHand(instance)
  await inside(`cp /var/lib/dokku/hook ${hook}`)
  ok(await engine.docker(['kill', `${name}-nginx`]))
  ok(await engine.docker(['start', `${name}-nginx`]))
  ok(await ssh('health', '--wait'))
  ok(await ssh('nginx:reload'))
  const all = [await status('shop'), await status('new'), await status('shop', '/', ada), (await www()).status, await status('other')]
  assert.deepEqual(all, [401, 401, 200, 301, 503])
})

test('a text that nginx refuses is said, and harms neither its app nor another', async () => {
  await inside('echo "nonsense on;" >/home/dokku/shop/nginx.conf.d/bad.conf')
  const words = /Not served: \/home\/dokku\/shop\/nginx\.conf\.d\/bad\.conf:1: unknown directive "nonsense"/
  assert.match(failed(await ssh('proxy:build-config', 'shop')), words)
  assert.match(failed(await ssh('plugin:trigger', 'proxy-build-config', 'shop')), words)
  assert.match(failed(await ssh('nginx:validate-config')), /unknown directive "nonsense"/)
  const { stderr } = await ssh('ps:restart', 'shop')
  assert.match(stderr, words)
  ok(await ssh('domains:add', 'shop', `late.${hostname}`))
  ok(await ssh('domains:add', 'other', `more.${hostname}`))
  assert.deepEqual([await status('shop'), await status('late'), await status('shop', '/', ada), await status('more')], [401, 401, 200, 503])
  assert.match(ok(await ssh('events', 'shop')), /not served: .*bad\.conf:1/)
  await inside('rm /home/dokku/shop/nginx.conf.d/bad.conf')
  ok(await ssh('nginx:validate-config'))
  ok(await ssh('proxy:build-config', '--all'))
  ok(await ssh('forward:unset', 'shop', `www.${hostname}`))
  assert.deepEqual([(await www()).status, (await www()).headers.location], [404, undefined])
})

test('a plugin chooses the default host of an app that gets a name', async () => {
  ok(await ssh('apps:create', 'apex'))
  ok(await ssh('apps:rename', 'apex', 'later'))
  ok(await ssh('apps:clone', 'later', 'apex'))
  assert.deepEqual(
    await Promise.all(['apex', 'later'].map(async (app) => ok(await ssh('url', app)))),
    [hostname, `later.${hostname}`].map((host) => `http://${host}:${instance.ports.http}\n`),
  )
})

test('a plugin that is late or fails is no deploy’s business', async () => {
  await inside(`printf "#!/bin/sh\\necho begun >>/home/dokku/shop/nginx.conf; exit 3\\n" >${hook}`)
  const { stderr, exitCode } = await ssh('ps:restart', 'shop')
  assert.equal(exitCode, 0)
  assert.match(stderr, /Not served: the plugin gate failed at nginx-pre-reload: exit status 3/)
  assert.deepEqual([await status('shop'), await status('shop', '/', ada)], [401, 200])
})

test('what was served for an app goes with it', async () => {
  ok(await ssh('apps:destroy', '--force', 'shop'))
  ok(await ssh('apps:create', 'shop'))
  ok(await ssh('domains:add', 'shop', `again.${hostname}`))
  assert.equal(await status('shop'), 502)
  assert.equal(ok(await engine.docker(['exec', `${name}-nginx`, 'ls', '/var/lib/nginx-appliance/additions'])).match(/\n/g)?.length, 1)
})
