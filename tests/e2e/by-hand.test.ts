import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { eventually, failed, ok, startInstance, versionImage } from './harness.ts'

const instance = await startInstance({ suffix: 'by-hand' })
const { engine, name, ssh } = instance
after(() => instance.remove())
const image = `${name}/image:latest`
await engine.build(image, versionImage('up'), name)
ok(await ssh('git:from-image', 'shop', image))
const web = `${name}-shop.web.1`

const state = async (container: string) => ok(await engine.docker(['inspect', '--format', '{{.State.Status}}', container])).trim()
const serves = async () => assert.equal((await instance.fetch('shop', '/', { timeoutMs: 2_000 })).body, 'up')
const fresh = async () => {
  // A container that ends again and again is started ever later; one app each keeps the cases apart.
  ok(await ssh('--force', 'apps:destroy', 'shop'))
  ok(await ssh('git:from-image', 'shop', image))
}

for (const [what, ...argv] of [
  ['stopped', 'stop', '--time', '1'],
  ['killed', 'kill'],
  ['paused', 'pause'],
  ['removed', 'rm', '--force'],
] as const)
  test(`a container that somebody ${what} runs again at once, and events say so`, async () => {
    await fresh()
    ok(await engine.docker([...argv, web]))
    await eventually(async () => {
      assert.equal(await state(web), 'running')
      await serves()
    })
    await eventually(async () => assert.match(ok(await ssh('events')), /shop.*web\.1 (did not run|was missing): started again/))
  })

test('a container that somebody renamed gets its name back', async () => {
  await fresh()
  ok(await engine.docker(['rename', web, `${name}-mine`]))
  await eventually(async () => assert.equal(await state(web), 'running'))
  await serves()
})

test('with the restart policy no, what somebody stopped or removed stays so until the next change', async () => {
  await fresh()
  ok(await ssh('ps:scale', 'shop', 'web=2'))
  ok(await ssh('ps:set', 'shop', 'restart-policy', 'no'))
  ok(await engine.docker(['stop', '--time', '1', `${name}-shop.web.2`]))
  await eventually(async () => assert.match(ok(await ssh('events')), /web\.2 did not run: left so, as ps:set says/))
  assert.equal(await state(`${name}-shop.web.2`), 'exited')
  // What is on its way to the one that went may wait for nobody to answer.
  await eventually(serves)
  ok(await ssh('ps:set', 'shop', 'restart-policy'))
  ok(await ssh('ps:restart', 'shop'))
  await eventually(async () => assert.equal(await state(`${name}-shop.web.2`), 'running'))
})

test('a copy of a container on the network of the apps, labels and all, gets no request and takes nobody’s place', async () => {
  await fresh()
  const copy = `${name}/copy:latest`
  ok(await engine.docker(['commit', web, copy]))
  const id = async () => ok(await engine.docker(['inspect', '--format', '{{.Id}}', web])).trim()
  const before = await id()
  ok(await engine.docker(['run', '--detach', '--env', 'VERSION=copy', '--network', `${name}-apps`, copy]))
  ok(await ssh('ps:scale', 'shop', 'web=2'))
  for (let n = 0; n < 20; n++) await serves()
  assert.equal(await id(), before)
})

test('a rollback to a release whose image somebody removed says so, and what serves goes on', async () => {
  await fresh()
  const other = `${name}/other:latest`
  // Its own: what another instance has too would stay on the engine.
  await engine.build(other, versionImage(`other-${name}`), name)
  ok(await ssh('git:from-image', 'shop', other))
  ok(await ssh('git:from-image', 'shop', image))
  const id = ok(await engine.docker(['image', 'inspect', '--format', '{{.Id}}', other])).trim()
  await eventually(async () => {
    await engine.docker(['rmi', '--force', id])
    failed(await engine.docker(['image', 'inspect', id]))
  })
  assert.match(failed(await ssh('releases:rollback', 'shop', 'v2')), /the image of shop v4 \(Rollback to v2\) is no longer on this machine/)
  await serves()
})
