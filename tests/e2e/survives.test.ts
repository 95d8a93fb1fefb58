import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { eventually, ok, repo, runByHand, startInstance, underLoad, untilHealthy, versionImage, versions } from './harness.ts'

const instance = await startInstance({ suffix: 'survives' })
const { engine, name, ssh } = instance
const image = `${name}/fixture:latest`
await engine.build(image, versionImage('steady'), name)
const slow = await repo({ ...versions, Dockerfile: versions.Dockerfile.replace('CMD', 'RUN sleep 5\nENV VERSION=pushed\nCMD') })
after(() => Promise.all([instance.remove(), slow.remove()]))
ok(await ssh('git:from-image', 'steady', image))

const serves = async (app = 'steady', body = 'steady') => assert.equal((await instance.fetch(app, '/', { timeoutMs: 2_000 })).body, body)

/** How a container may end, and come back. */
const restartOf = (container: string) => async () => ok(await engine.docker(['restart', '--time', '5', container]))
const killOf = (container: string) => async () => {
  ok(await engine.docker(['kill', container]))
  await eventually(async () => ok(await engine.docker(['start', container])))
}

test('a connection lost during a push does not stop the deploy', async () => {
  const push = instance.pushStart(slow, 'lost')
  await new Promise<void>((resolve) => {
    let said = ''
    push.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk
      if (said.includes('Building lost')) resolve()
    })
  })
  // git and the ssh it started are one process group.
  if (push.pid !== undefined) process.kill(-push.pid, 'SIGKILL')
  await push
  await eventually(() => serves('lost', 'pushed'), 60)
  await eventually(async () => assert.match(ok(await ssh('releases:list', 'lost')), /v1 /))
})

test('the same push again finds everything up to date', async () => {
  // The release is there a moment before git has stored the ref.
  await eventually(async () => {
    const again = await instance.push(slow, 'lost')
    assert.equal(again.exitCode, 0, again.stderr)
    assert.match(again.stdout + again.stderr, /up[ -]to[ -]date/i)
  })
})

test('a command typed while control is being replaced waits and then succeeds, and no request fails', async () => {
  await underLoad(
    instance.target('steady'),
    async () => {
      const restarted = restartOf(name)()
      const commands = Array.from({ length: 10 }, async (_, n) => {
        await new Promise((resolve) => setTimeout(resolve, n * 200))
        return ok(await ssh('apps:exists', 'steady'))
      })
      await Promise.all([restarted, ...commands])
    },
    { clients: 4 },
  )
})

test('a killed control comes back with everything it had, and serving never stopped', async () => {
  await underLoad(
    instance.target('steady'),
    async () => {
      const before = ok(await ssh('releases:list', 'steady'))
      await killOf(name)()
      await untilHealthy(engine, name)
      assert.equal(ok(await ssh('releases:list', 'steady')), before)
    },
    { clients: 4 },
  )
})

test('control is removed and run again, as in an upgrade: no request fails, and a command typed meanwhile waits', async () => {
  await underLoad(
    instance.target('steady'),
    async () => {
      ok(await engine.docker(['rm', '--force', name]))
      const waiting = ssh('config:get', 'steady', 'PORT')
      const waitingToo = ssh('apps:exists', 'steady')
      await runByHand({ name, image: instance.image, engine, env: instance.env, dir: instance.dir })
      assert.equal((await waiting).exitCode, 1)
      ok(await waitingToo)
    },
    { clients: 4 },
  )
})

test('a control killed in the middle of a push leaves the app as it was, and the same push again succeeds', async () => {
  await slow.commit({ Dockerfile: versions.Dockerfile.replace('CMD', 'RUN sleep 6 && echo again\nENV VERSION=again\nCMD') })
  const push = instance.pushStart(slow, 'lost')
  const building = new Promise<void>((resolve) => {
    let said = ''
    push.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk
      if (said.includes('Building lost')) resolve()
    })
  })
  await building
  await killOf(name)()
  assert.notEqual((await push).exitCode, 0)
  await untilHealthy(engine, name)
  await serves('lost', 'pushed')
  const again = await instance.push(slow, 'lost')
  assert.equal(again.exitCode, 0, again.stderr)
  await serves('lost', 'again')
})

for (const [role, suffix] of [
  ['appliance', 'nginx'],
  ['gateway', 'ssh'],
] as const)
  test(`the ${role} comes back when it was killed, with routes, keys and host key`, async () => {
    ok(await engine.docker(['kill', `${name}-${suffix}`]))
    await eventually(() => serves())
    // The client checks the host key it knows, so a new one would be refused.
    await eventually(async () => ok(await ssh('apps:exists', 'steady')))
  })

test('a removed appliance is made again, with its routes', async () => {
  ok(await engine.docker(['rm', '--force', `${name}-nginx`]))
  await eventually(() => serves(), 60)
})

test('a restarted app container is routed to again', async () => {
  ok(await engine.docker(['restart', '--time', '1', `${name}-steady.web.1`]))
  await eventually(() => serves())
})

test('an app container that was removed by hand is started again', async () => {
  ok(await engine.docker(['rm', '--force', `${name}-steady.web.1`]))
  await eventually(() => serves(), 60)
})

test('routes never point at the container of another app', async () => {
  ok(await ssh('git:from-image', 'left', image))
  ok(await ssh('config:set', 'left', 'VERSION=left'))
  ok(await ssh('git:from-image', 'right', image))
  ok(await ssh('config:set', 'right', 'VERSION=right'))
  const containers = [`${name}-left.web.1`, `${name}-right.web.1`]
  ok(await engine.docker(['stop', '--time', '1', ...containers]))
  ok(await engine.docker(['start', ...containers.reverse()]))
  await eventually(() => serves('left', 'left'))
  await eventually(() => serves('right', 'right'))
})
