import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { failed, ok, repo, startInstance, webAndWorker } from './harness.ts'

const instance = await startInstance({ suffix: 'checks' })
const { ssh, engine, name, fetch } = instance
const source = await repo(webAndWorker)
after(() => Promise.all([instance.remove(), source.remove()]))

const report = async (key: string) => ok(await ssh('checks:report', 'shop', `--checks-${key}`)).trim()
const container = async (dyno: string) =>
  ok(await engine.docker(['inspect', '--format', '{{.Id}} {{.State.StartedAt}}', `${name}-shop.${dyno}`])).trim()
/** Starts and ends of the app's workers, in their order. */
const workers = async (since: string) => {
  const filters = ['--filter', `label=dokku.instance=${name}`]
  const events = ok(
    await engine.docker([
      'events',
      '--since',
      since,
      '--until',
      '0s',
      ...filters,
      '--filter',
      'event=start',
      '--filter',
      'event=die',
      '--format',
      '{{.Action}} {{index .Actor.Attributes "com.dokku.dyno"}}',
    ]),
  )
  return events
    .split('\n')
    .filter((line) => line.endsWith(' worker.1'))
    .map((line) => line.split(' ')[0])
}

test('a process whose checks are disabled ends before its successor starts, and no other does', async () => {
  assert.equal((await instance.push(source, 'shop')).exitCode, 0)
  ok(await ssh('ps:scale', 'shop', 'worker=1'))
  ok(await ssh('checks:disable', 'shop', 'worker'))
  assert.equal(await report('disabled-list'), 'worker')
  const since = String(Date.now() / 1000)
  assert.match(ok(await ssh('ps:restart', 'shop')), /Stopping worker\.1 first/)
  assert.deepEqual(await workers(since), ['die', 'start'])
  ok(await ssh('checks:enable', 'shop'))
  assert.equal(await report('disabled-list'), 'none')
})

test('where the successor does not get ready, the one that ended first runs again', async () => {
  ok(await ssh('checks:disable', 'shop', 'worker'))
  const [before] = (await container('worker.1')).split(' ')
  await source.commit({ 'worker.mjs': 'process.exit(3)' })
  const pushed = await instance.push(source, 'shop')
  assert.notEqual(pushed.exitCode, 0)
  assert.match(pushed.stderr, /worker\.1 exited with status 3 before it was ready/)
  const [now] = (await container('worker.1')).split(' ')
  assert.equal(now, before)
  assert.match(ok(await ssh('ps:report', 'shop', '--running')), /true/)
  assert.equal((await fetch('shop')).status, 200)
})

test('skipped checks let whatever runs serve, and numbers of checks are checked', async () => {
  ok(await ssh('checks:skip', 'shop', 'web,worker'))
  assert.equal(await report('skipped-list'), 'web,worker')
  ok(await ssh('ps:restart', 'shop'))
  ok(await ssh('checks:enable', 'shop', 'web'))
  assert.equal(await report('skipped-list'), 'worker')
  failed(await ssh('checks:skip', 'shop', 'no-such-process'))
  for (const value of ['soon', '-1', '1.5']) failed(await ssh('checks:set', 'shop', 'timeout', value))
  ok(await ssh('checks:set', '--global', 'wait-to-retire', '5'))
  assert.deepEqual([await report('computed-wait-to-retire'), await report('wait-to-retire')], ['5', ''])
  assert.match(ok(await ssh('checks:run', 'shop')), /web\.1 is ready/)
  ok(await ssh('ps:set', 'shop', 'stop-timeout-seconds', '3'))
  failed(await ssh('ps:set', 'shop', 'stop-timeout-seconds', 'long'))
  assert.equal(ok(await ssh('ps:report', 'shop', '--ps-stop-timeout-seconds')).trim(), '3')
})
