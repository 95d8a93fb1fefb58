import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { eventually, heavy, heavySteps, ok, repo, secondEngine, startInstance, untilHealthy, versions } from './harness.ts'

const image = process.env.DOKKU_IMAGE ?? ''
const second = await secondEngine(process.env.DOKKU_ENGINE_IMAGE ?? '')
const instance = await begin().catch(async (error: unknown) => {
  await second.remove()
  throw error
})
const left = await repo({ ...versions, name: 'left' })
const right = await repo({ ...versions, name: 'right' })
// The instance goes with its engine.
after(() => Promise.all([second.remove(instance.name), left.remove(), right.remove()]))
const { ssh } = instance

async function begin() {
  await second.load(image, 'debian:trixie-slim', 'node:24-slim')
  return await startInstance({ suffix: 'second', env: { DOKKU_BUILD_CACHE: '1m' }, engine: second.engine, image })
}

const serves = async (app: string) => assert.equal((await instance.fetch(app, '/', { timeoutMs: 2_000 })).body, app)

test('a push deploys on a newer engine', async () => {
  for (const [app, work] of Object.entries({ left, right })) {
    ok(await ssh('apps:create', app))
    ok(await ssh('config:set', '--no-restart', app, `VERSION=${app}`))
    const { stderr, exitCode } = await instance.push(work, app)
    assert.equal(exitCode, 0, stderr)
    await serves(app)
  }
})

test('run, enter, logs and a rollback work on a newer engine', async () => {
  assert.equal(ok(await ssh('run', 'left', 'echo', 'here')), 'here\n')
  assert.equal(ok(await ssh('enter', 'left', 'web', 'printenv', 'DYNO')), 'web.1\n')
  assert.match(ok(await ssh('logs', 'left')), /web left listens/)
  ok(await ssh('config:set', 'left', 'VERSION=other'))
  ok(await ssh('releases:rollback', 'left'))
  await serves('left')
})

test('the cache of our builds is kept within its size on a newer engine', async () => {
  const work = await repo(heavy('kept'))
  try {
    assert.match((await instance.push(work, 'heavy')).stderr, /exited with status 1/)
  } finally {
    await work.remove()
  }
  await eventually(async () => assert.deepEqual(await heavySteps(second.engine, 'kept'), ['small']))
  ok(await ssh('--force', 'apps:destroy', 'heavy'))
})

test('after a restart of the engine every app answers again, and never for another', async () => {
  await second.restart()
  const answers = new Set<string>()
  await eventually(async () => {
    for (const app of ['left', 'right']) {
      const { status, body } = await instance.fetch(app, '/', { timeoutMs: 2_000 })
      if (status === 200) answers.add(`${app}: ${body}`)
      assert.equal(body, app)
    }
  }, 60)
  assert.deepEqual([...answers].sort(), ['left: left', 'right: right'])
  await untilHealthy(second.engine, instance.name)
  assert.match(ok(await ssh('apps:list')), /left\nright/)
})

test('an app that was stopped stays stopped after a restart of the engine', async () => {
  ok(await ssh('ps:stop', 'right'))
  await second.restart()
  await eventually(() => serves('left'), 60)
  await untilHealthy(second.engine, instance.name)
  assert.equal((await instance.fetch('right')).status, 502)
})
