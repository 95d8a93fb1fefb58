import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { eventually, ok, repo, startInstance, underLoad, upgrade, versionImage, versions, webAndWorker } from './harness.ts'

const instance = await startInstance({ suffix: 'deploys' })
const { engine, name } = instance
const images = ['a', 'b'].map((version) => `${name}/image-${version}:latest`)
for (const [n, image] of images.entries()) await engine.build(image, versionImage(n === 0 ? 'image-a' : 'image-b'), name)
const mixed = await repo(webAndWorker)
const plain = await repo(versions)
after(() => Promise.all([instance.remove(), mixed.remove(), plain.remove()]))

test('20 deploys and 5 rollbacks fail none of at least 10,000 requests', async () => {
  ok(await instance.ssh('git:from-image', 'busy', images[0] ?? ''))
  const { bodies } = await underLoad(
    instance.target('busy'),
    async () => {
      for (let round = 0; round < 10; round++) {
        ok(await instance.ssh('git:from-image', 'busy', images[(round + 1) % 2] ?? ''))
        ok(await instance.ssh('config:set', 'busy', `ROUND=${round}`))
        if (round % 2 === 1) ok(await instance.ssh('releases:rollback', 'busy'))
      }
    },
    { atLeast: 10_000 },
  )
  assert.deepEqual([...bodies.keys()].sort(), ['image-a', 'image-b'])
})

test('a scale up, a scale down and a restart fail no request', async () => {
  await underLoad(instance.target('busy'), async () => {
    ok(await instance.ssh('ps:scale', 'busy', 'web=3'))
    ok(await instance.ssh('ps:scale', 'busy', 'web=1'))
    ok(await instance.ssh('ps:restart', 'busy'))
  })
})

test('a deploy of an app that takes eight seconds to listen fails no request', async () => {
  ok(await instance.ssh('git:from-image', 'sleeper', images[0] ?? ''))
  await underLoad(
    instance.target('sleeper'),
    async () => {
      ok(await instance.ssh('config:set', 'sleeper', 'BOOT_MS=8000', 'VERSION=late'))
      assert.equal((await instance.fetch('sleeper')).body, 'late')
    },
    { clients: 4 },
  )
})

test('a request that is under way when its container is replaced gets its answer from it', async () => {
  ok(await instance.ssh('config:set', 'busy', 'VERSION=old'))
  const slow = instance.fetch('busy', '/slow')
  ok(await instance.ssh('config:set', 'busy', 'VERSION=new'))
  assert.equal((await slow).body, 'old')
  assert.equal((await instance.fetch('busy')).body, 'new')
})

test('a websocket lives through the deploy of another app, and through the start of its own next release', async () => {
  const socket = await upgrade(instance.target('busy'))
  await socket.say('before')
  ok(await instance.ssh('config:set', 'sleeper', 'BOOT_MS=0', 'VERSION=again'))
  await socket.say('another app')
  let deployed = false
  const deploy = instance.ssh('config:set', 'busy', 'BOOT_MS=3000', 'VERSION=newer').finally(() => {
    deployed = true
  })
  while (!deployed && (await instance.fetch('busy')).body !== 'newer') await socket.say('still here')
  ok(await deploy)
  const next = await upgrade(instance.target('busy'))
  await next.say('after')
  next.close()
  socket.close()
})

test('an app of several process types deploys them together, and scales each', async () => {
  ok(await instance.ssh('apps:create', 'mixed'))
  ok(await instance.ssh('config:set', '--no-restart', 'mixed', 'VERSION=1'))
  const pushed = await instance.push(mixed, 'mixed')
  assert.equal(pushed.exitCode, 0, pushed.stderr)
  await underLoad(
    instance.target('mixed'),
    async () => {
      ok(await instance.ssh('ps:scale', 'mixed', 'worker=2', 'web=2'))
      const running = async (process: string) =>
        (await engine.lines('ps', '--format', '{{.Names}}', '--filter', `label=dokku.instance=${name}`)).filter((one) =>
          new RegExp(`mixed\\.${process}\\.\\d+$`).test(one),
        ).length
      await eventually(async () => assert.deepEqual([await running('web'), await running('worker')], [2, 2]))
      ok(await instance.ssh('config:set', 'mixed', 'VERSION=2'))
      await eventually(async () => assert.match(ok(await instance.ssh('logs', 'mixed', '-p', 'worker')), /worker 2 works/))
      ok(await instance.ssh('ps:scale', 'mixed', 'worker=0'))
      await eventually(async () => assert.deepEqual([await running('web'), await running('worker')], [2, 0]))
    },
    { clients: 4 },
  )
})

test('a rollback brings back image, config and formation', async () => {
  const pushed = await instance.push(plain, 'history')
  assert.equal(pushed.exitCode, 0, pushed.stderr)
  ok(await instance.ssh('config:set', 'history', 'VERSION=good'))
  ok(await instance.ssh('git:from-image', 'history', images[1] ?? ''))
  ok(await instance.ssh('config:set', 'history', 'VERSION=bad', 'EXTRA=1'))
  ok(await instance.ssh('ps:scale', 'history', 'web=2'))
  ok(await instance.ssh('releases:rollback', 'history', 'v2'))
  assert.equal((await instance.fetch('history')).body, 'good')
  assert.equal(ok(await instance.ssh('config:get', 'history', 'VERSION')), 'good\n')
  assert.equal((await instance.ssh('config:get', 'history', 'EXTRA')).exitCode, 1)
  await eventually(async () => {
    const names = await engine.lines('ps', '--format', '{{.Names}}', '--filter', `label=dokku.instance=${name}`)
    assert.deepEqual(names.filter((one) => /history\.web\.\d+$/.test(one)).length, 1)
  })
})

test('old containers are gone once they have drained', async () => {
  await eventually(async () => {
    const names = await engine.lines('ps', '--all', '--format', '{{.Names}}', '--filter', `label=dokku.instance=${name}`)
    assert.deepEqual(
      names.filter((one) => one.includes('retiring')),
      [],
    )
  }, 90)
})
