import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import * as z from 'zod'
import { broken, eventually, failed, greedyImage, ok, repo, startInstance, versionImage, webAndWorker } from './harness.ts'

const instance = await startInstance({ suffix: 'kept', env: { DOKKU_APP_MEMORY: '64m' } })
const { ssh, engine, name } = instance
const source = await repo(webAndWorker)
after(() => Promise.all([instance.remove(), source.remove()]))

const line = z.object({
  time: z.string(),
  stream: z.string(),
  text: z.string(),
  app: z.string(),
  dyno: z.string(),
  release: z.number(),
  container: z.string(),
})
const lines = (said: string) =>
  said
    .split('\n')
    .filter(Boolean)
    .map((one) => line.parse(JSON.parse(one)))
const logs = async (...words: string[]) => lines(ok(await ssh('logs', 'shop', '--format', 'json', ...words)))
/** Until the containers of older releases are gone. */
const settled = async (count: number) =>
  await eventually(async () => {
    const left = await engine.lines('ps', '--all', '--quiet', '--filter', `name=${name}-shop.`)
    assert.equal(left.length, count)
  })

test('lines of releases before are shown with those of now, each with its release', async () => {
  assert.equal((await instance.push(source, 'shop')).exitCode, 0)
  ok(await ssh('ps:scale', 'shop', 'worker=1'))
  for (const version of ['one', 'two']) ok(await ssh('config:set', 'shop', `VERSION=${version}`))
  await settled(2)
  const web = (await logs('--ps', 'web')).filter(({ text }) => text.includes('listens'))
  assert.deepEqual(
    web.map(({ text, release, dyno, stream }) => [text.split(' ')[1], release, dyno, stream]),
    [
      ['unset', 1, 'web.1', 'stdout'],
      ['one', 3, 'web.1', 'stdout'],
      ['two', 4, 'web.1', 'stdout'],
    ],
  )
  assert.match(ok(await ssh('logs', 'shop')), /dokku\[worker\.1\]: worker\.1 of v3 ended with status 0\n/)
  assert.doesNotMatch(ok(await ssh('--quiet', 'logs', 'shop')), /ended with status/)
})

test('lines are found by release, time, text and process', async () => {
  assert.deepEqual([...new Set((await logs('--release', 'v3')).map(({ release }) => release))], [3])
  assert.deepEqual([...new Set((await logs('--grep', 'WEB ONE')).map(({ text }) => text))].sort(), [
    'web one listens on 5000',
    'web one stops',
  ])
  const all = await logs()
  const { time = '' } = all.find(({ text }) => text.startsWith('web two listens')) ?? {}
  assert.ok((await logs('--since', time)).every((one) => one.time >= time))
  assert.ok((await logs('--until', time)).every((one) => one.time < time))
  assert.deepEqual(await logs('--since', '2099-01-01'), [])
  assert.equal((await logs('-n', '1', '--ps', 'web.1')).length, 1)
  assert.match(failed(await ssh('logs', 'shop', '--since', 'yesterday')), /is no time/)
  assert.match(failed(await ssh('logs', 'shop', '--ps', 'clock')), /clock/)
})

test('what is followed goes on over a deploy, a restart of control and a scale', async () => {
  const following = instance.sshStart(['logs', 'shop', '-t', '-n', '0', '-p', 'worker'])
  let said = ''
  following.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  // Nobody knows when it follows: it does once it hears.
  await eventually(async () => {
    ok(await engine.docker(['exec', `${name}-shop.worker.1`, 'sh', '-c', 'echo it follows >/proc/1/fd/1']))
    assert.match(said, /it follows/)
  })
  ok(await ssh('config:set', 'shop', 'VERSION=three'))
  ok(await ssh('ps:scale', 'shop', 'worker=2'))
  await eventually(async () => assert.match(said, /shop\[worker\.2\]: worker three works/))
  assert.match(said, /shop\[worker\.1\]: worker three works/)
  assert.match(said, /shop\[worker\.1\]: worker stops/)
  assert.doesNotMatch(said, /web/)
  following.kill('SIGKILL')
  await following
})

test('a deploy that failed leaves its lines, and says so until another fails', async () => {
  assert.match(failed(await ssh('logs:failed', 'shop')), /no container of shop failed/)
  const bad = await repo(broken.exitsAtOnce)
  assert.notEqual((await instance.push(bad, 'bad')).exitCode, 0)
  await bad.remove()
  const said = ok(await ssh('logs:failed', 'bad'))
  assert.match(said, /bad\[web\.1\]: connecting to the database\n/)
  assert.match(said, /bad\[web\.1\]: no such database\n/)
  assert.match(said, /web\.1 of v1 ended with status 3, in a deploy that failed/)
  assert.match(ok(await ssh('logs:failed', '--all')), /bad\[web\.1\]/)
  assert.equal(lines(ok(await ssh('logs:failed', 'bad', '--format', 'json'))).filter(({ stream }) => stream === 'stderr').length, 1)
})

test('memory that ran out is said where the lines end', async () => {
  await engine.build(`${name}/greedy:latest`, greedyImage, name)
  ok(await ssh('git:from-image', 'shop', `${name}/greedy:latest`))
  ok(await ssh('ps:set', 'shop', 'restart-policy', 'no'))
  await instance.fetch('shop', '/leak').catch(() => undefined)
  await eventually(async () =>
    assert.equal(ok(await engine.docker(['inspect', '--format', '{{.State.OOMKilled}}', `${name}-shop.web.1`])).trim(), 'true'),
  )
  ok(await ssh('ps:restart', 'shop'))
  await eventually(async () => assert.match(ok(await ssh('logs', 'shop')), /web\.1 of v\d+ ended with status 137, out of memory/))
})

test('what is kept stays within its size, and goes with its app', async () => {
  ok(await ssh('logs:set', 'shop', 'max-size', '64k'))
  assert.match(failed(await ssh('logs:set', 'shop', 'max-size', 'unlimited')), /never kept without end/)
  assert.match(failed(await ssh('logs:set', 'shop', 'max-size', '1k')), /from 64k to 10g/)
  // 200 lines of 1,000 bytes each time, of which 64 KiB stay.
  ok(await ssh('config:set', 'shop', 'LINES=200'))
  ok(await ssh('ps:restart', 'shop'))
  await eventually(async () => {
    const report = ok(await ssh('logs:report', 'shop'))
    const [, bytes] = /Logs kept bytes: +(\d+)/.exec(report) ?? []
    assert.ok(Number(bytes) > 50_000 && Number(bytes) < 140_000, report)
  })
  const many = await logs('-n', '1000', '--ps', 'web')
  assert.ok(many.filter(({ text }) => text.startsWith('xxx')).length > 100)
  const folder = ['exec', name, 'sh', '-c', 'cat /var/lib/dokku/logs/*/*.log | wc -c; ls /var/lib/dokku/logs | wc -l']
  const [kept = 0, apps] = ok(await engine.docker(folder))
    .split('\n')
    .map(Number)
  assert.ok(kept < 300_000)
  ok(await ssh('apps:destroy', 'shop', '--force'))
  ok(await ssh('cleanup'))
  const [, left] = ok(await engine.docker(folder))
    .split('\n')
    .map(Number)
  assert.equal(left, (apps ?? 0) - 1)
})

test('an app without a container shows what it wrote before', async () => {
  await engine.build(`${name}/short:latest`, versionImage('short'), name)
  ok(await ssh('git:from-image', 'short', `${name}/short:latest`))
  ok(await ssh('ps:scale', 'short', 'web=0'))
  await eventually(async () => assert.match(ok(await ssh('logs', 'short')), /web short stops\n.*ended with status 0/))
})
