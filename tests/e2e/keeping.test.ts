import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { failed, ok, startInstance, versionImage } from './harness.ts'

const instance = await startInstance({ suffix: 'keeping' })
const { ssh, engine, name, fetch } = instance
after(async () => {
  await instance.remove()
  await engine.docker(['network', 'rm', `${name}-backend`])
  const volumes = ok(await engine.docker(['volume', 'ls', '--quiet', '--filter', `name=${name}-storage-`]))
  for (const volume of volumes.split('\n').filter(Boolean)) await engine.docker(['volume', 'rm', '--force', volume])
})
const image = `${name}/one:latest`
await engine.build(image, versionImage('one'), name)
for (const app of ['shop', 'blog']) ok(await ssh('git:from-image', app, image))

const inspect = async (container: string, format: string) =>
  ok(await engine.docker(['inspect', '--format', format, `${name}-${container}`])).trim()
const versions = async (app: string) => JSON.parse(ok(await ssh('releases:list', app, '--format', 'json'))).length

test('a limit is a release that replaces what it concerns, and a rollback takes it back', async () => {
  const before = await versions('shop')
  ok(await ssh('resource:limit', 'shop', '--memory', '128', '--cpu', '0.5', '--pids', '100', '--ulimit', 'nofile=4096'))
  assert.equal(
    await inspect('shop.web.1', '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}}'),
    `${128 * 2 ** 20} 500000000 100`,
  )
  assert.match(await inspect('shop.web.1', '{{json .HostConfig.Ulimits}}'), /nofile/)
  assert.equal(await versions('shop'), before + 1)
  ok(await ssh('resource:limit', '--process-type', 'web', 'shop', '--memory', '64m', '--memory-swap', '128m'))
  assert.equal(await inspect('shop.web.1', '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}'), `${64 * 2 ** 20} ${128 * 2 ** 20}`)
  ok(await ssh('resource:reserve', 'shop', '--memory', '32'))
  assert.equal(await inspect('shop.web.1', '{{.HostConfig.MemoryReservation}}'), String(32 * 2 ** 20))
  assert.deepEqual(JSON.parse(ok(await ssh('resource:report', 'shop', '--format', 'json'))), {
    '_default_.limit.memory': '128m',
    '_default_.limit.cpu': '0.5',
    '_default_.limit.pids': '100',
    '_default_.limit.ulimit': 'nofile=4096',
    'web.limit.memory': '64m',
    'web.limit.memory-swap': '128m',
    '_default_.reserve.memory': '32m',
  })
  assert.match(ok(await ssh('resource:limit', 'shop')), /memory: +128m/)
  ok(await ssh('run', 'shop', 'true'))
  ok(await ssh('releases:rollback', 'shop', `v${before}`))
  assert.equal(ok(await ssh('resource:report', 'shop', '--format', 'json')).trim(), '{}')
  assert.equal((await fetch('shop')).body, 'one')
})

test('a limit that is none, or that the app does not start with, changes nothing', async () => {
  const before = await versions('shop')
  for (const words of [
    ['--memory', 'much'],
    ['--memory', '1'],
    ['--cpu', '-1'],
    ['--nvidia-gpu', '1'],
    ['--pids', '0'],
    ['--process-type', 'no such', '--memory', '64'],
  ])
    failed(await ssh('resource:limit', 'shop', ...words))
  failed(await ssh('resource:limit', 'shop', '--memory', '6m'))
  assert.equal(await versions('shop'), before)
  assert.equal(ok(await ssh('resource:report', 'shop', '--format', 'json')).trim(), '{}')
  ok(await ssh('resource:limit', 'shop', '--memory', '128', '--no-restart'))
  assert.equal(await versions('shop'), before)
  ok(await ssh('resource:limit-clear', 'shop'))
  ok(await ssh('resource:reserve-clear', 'shop'))
})

test('a volume keeps what containers write, through deploys and a destroyed app; others mount it by right only', async () => {
  ok(await ssh('storage:ensure-directory', '--chown', '1000:1000', 'shop'))
  ok(await ssh('storage:mount', 'shop', '/var/lib/dokku/data/storage/shop:/data'))
  ok(await ssh('enter', 'shop', 'web', 'sh', '-c', 'echo kept >/data/file; stat -c %u:%g /data >/data/owner'))
  ok(await ssh('ps:restart', 'shop'))
  assert.equal(ok(await ssh('run', 'shop', 'cat', '/data/file', '/data/owner')), 'kept\n1000:1000\n')
  assert.match(ok(await ssh('storage:list', 'shop')), /shop volume bind-mounts:\n +shop:\/data\n/)
  assert.deepEqual(JSON.parse(ok(await ssh('storage:list', 'shop', '--format', 'json'))), [
    { host_path: 'shop', container_path: '/data', volume_options: '' },
  ])
  assert.match(failed(await ssh('storage:mount', 'shop', 'other:/data')), /shop:\/data is at \/data/)
  ok(await ssh('storage:mount', 'blog', 'shop', '--container-dir', '/from-shop', '--no-restart'))
  assert.match(failed(await ssh('--force', 'storage:destroy', 'shop')), /mounted by blog, shop/)
  for (const path of ['/:/host', '/var/run/docker.sock:/x', '/etc:/x', 'a:/proc']) failed(await ssh('storage:mount', 'shop', path))
  ok(await ssh('storage:unmount', 'shop', 'shop:/data'))
  assert.equal(ok(await ssh('storage:list', 'shop', '--format', 'json')).trim(), '[]')
  failed(await ssh('storage:unmount', 'shop', 'shop:/data'))
  ok(await ssh('storage:mount', 'shop', 'shop:/data:ro'))
  failed(await ssh('run', 'shop', 'sh', '-c', 'echo x >/data/file'), 2)
  ok(await ssh('--force', 'apps:destroy', 'blog'))
  assert.deepEqual(JSON.parse(ok(await ssh('storage:list-entries', '--format', 'json'))), [{ name: 'shop', owner: '', apps: ['shop'] }])
  ok(await ssh('storage:unmount', 'shop', 'shop'))
  ok(await ssh('--force', 'storage:destroy', 'shop'))
  failed(await ssh('storage:info', 'shop'))
  ok(await ssh('storage:create', 'spare', '--chown', '1000'))
  assert.match(ok(await ssh('storage:info', 'spare')), new RegExp(`path: +/.*${name}-storage-spare`))
  assert.match(ok(await ssh('storage:report', 'shop')), /deploy mounts:/)
})

test('apps reach each other on a network that an admin put both on, and on no other', async () => {
  const backend = `${name}-backend`
  ok(await ssh('git:from-image', 'api', image))
  const reach =
    'fetch(process.argv[1], { signal: AbortSignal.timeout(3000) }).then((r) => r.text()).then(console.log, (e) => { console.log(e.message); process.exit(1) })'
  const asked = async (host: string) => await ssh('run', 'shop', 'node', '-e', reach, `http://${host}:5000/`)
  failed(await asked('api.web'))
  ok(await ssh('network:create', backend))
  failed(await ssh('network:create', backend))
  ok(await ssh('network:set', 'api', 'attach-post-create', backend))
  failed(await asked('api.web'))
  ok(await ssh('network:set', 'shop', 'attach-post-create', backend))
  assert.equal(ok(await asked('api.web')).trim(), 'one')
  for (const wrong of ['host', 'bridge', 'none', `${name}-apps`, 'no-such-network'])
    failed(await ssh('network:set', 'shop', 'attach-post-create', wrong))
  assert.match(ok(await ssh('network:report', 'shop')), new RegExp(`attach post create: +${backend}`))
  assert.ok(
    ok(await ssh('--quiet', 'network:list'))
      .split('\n')
      .includes(backend),
  )
  assert.match(ok(await ssh('network:exists', backend)), /exists/)
  failed(await ssh('network:exists', 'no-such-network'))
  assert.equal(JSON.parse(ok(await ssh('network:info', backend, '--format', 'json'))).ours, true)
  ok(await ssh('network:rebuild', 'shop'))
  ok(await ssh('network:rebuildall'))
  assert.equal(ok(await asked('api.web')).trim(), 'one')
  failed(await ssh('--force', 'network:destroy', backend))
  ok(await ssh('network:set', 'shop', 'attach-post-create'))
  failed(await asked('api.web'))
  ok(await ssh('network:set', 'api', 'attach-post-create'))
  assert.equal((await fetch('api')).body, 'one')
})
