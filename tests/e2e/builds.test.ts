import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import type { Started } from '#lib/exec.ts'
import { eventually, failed, heavy, heavySteps, ok, type Repo, repo, startInstance, untilHealthy, versionImage } from './harness.ts'

// One build at a time, and a small cache.
const instance = await startInstance({ suffix: 'builds', env: { DOKKU_BUILD_CONCURRENCY: '1', DOKKU_BUILD_CACHE: '1m' } })
const { engine, name, ssh } = instance
const image = `${name}/fixture:latest`
await engine.build(image, versionImage('steady'), name)
const repos: Repo[] = []
after(() => Promise.all([instance.remove(), ...repos.map((one) => one.remove())]))
ok(await ssh('git:from-image', 'one', image))

interface Build {
  app: string
  number: number
  status: string
  version: number | null
  source: string
  createdBy: string
  error: string | null
  place?: number | null
}

/** A word of this run alone: no step that holds it was ever built before. */
const mark = name.replaceAll('-', '')
const endless = (seconds: number) => `FROM debian:trixie-slim\nRUN echo ${mark} begun && sleep ${seconds}\n`

async function made(files: Record<string, string>): Promise<Repo> {
  const work = await repo(files)
  repos.push(work)
  return work
}

const builds = async (...app: string[]) => JSON.parse(ok(await ssh('builds:list', ...app, '--format', 'json'))) as Build[]
const brief = ({ app, number, status, place }: Build) => `${app} ${number} ${status}${place == null ? '' : ` ${place}`}`
const underWay = async () => (await builds()).map(brief)
const serves = async (app: string, body: string) => assert.equal((await instance.fetch(app, '/', { timeoutMs: 2_000 })).body, body)

/** Resolves once a program has said something on stdout or stderr. */
function hears({ stdout, stderr }: Started, word: string): Promise<void> {
  return new Promise((resolve) => {
    let said = ''
    for (const stream of [stdout, stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        said += chunk
        if (said.includes(word)) resolve()
      })
  })
}

/** Starts a push, and what it says until it ends. */
function push(work: Repo, app: string) {
  const started = instance.pushStart(work, app)
  started.stdout.resume()
  return { started, said: text(started.stderr) }
}

/** How often a command with these words runs anywhere on the machine. */
async function running(words: string): Promise<number> {
  // The brackets keep it from finding itself.
  const script = `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c '[${words[0]}]${words.slice(1)}' || true`
  return Number(ok(await engine.docker(['run', '--rm', '--pid', 'host', '--network', 'none', 'debian:trixie-slim', 'sh', '-c', script])))
}

const work = await made(versionImage('pushed'))
await work.commit({ Dockerfile: versionImage('pushed').Dockerfile?.replace('CMD', `RUN echo ${mark} first && sleep 5\nCMD`) })

test('a deploy is a build with a history, and a second client follows it live', async () => {
  const { started, said } = push(work, 'one')
  await eventually(async () => assert.deepEqual(await underWay(), ['one 2 building']))
  const follower = instance.sshStart(['builds:output', 'one', 'current'])
  const followed = text(follower.stdout)
  const leaver = instance.sshStart(['builds:output', 'one'])
  await Promise.all([hears(follower, `${mark} first`), hears(leaver, `${mark} first`)])
  assert.deepEqual(await underWay(), ['one 2 building'], 'the build ended before anybody could follow it')
  leaver.kill('SIGKILL')
  assert.equal((await started).exitCode, 0, await said)
  assert.equal((await follower).exitCode, 0)
  assert.match(await followed, /-----> Building one\n[\s\S]*Application deployed/)
  assert.equal(ok(await ssh('builds:output', 'one', '2')), await followed)
  const [pushed, first] = await builds('one')
  assert.deepEqual(
    [pushed?.number, pushed?.status, pushed?.version, pushed?.createdBy, pushed?.source],
    [2, 'succeeded', 2, 'ada', await work.git('rev-parse', 'HEAD')],
  )
  assert.deepEqual([first?.source, first?.version], [image, 1])
  assert.match(ok(await ssh('builds:info', 'one')), /=====> Build 2\n[\s\S]*Status: +succeeded\n[\s\S]*Release: +v2/)
  assert.match(ok(await ssh('builds:list', 'one')), /2 +succeeded +v2[\s\S]*\n1 +succeeded +v1/)
  await serves('one', 'pushed')
})

test('what waits is shown in its order, and can be cancelled like what builds; the old release goes on serving', async () => {
  await work.commit({ Dockerfile: endless(9871) })
  const building = push(work, 'one')
  await eventually(async () => assert.equal(await running('sleep 9871'), 1))
  await work.commit({ Dockerfile: endless(9872) })
  const waitsForApp = push(work, 'one')
  await eventually(async () => assert.deepEqual(await underWay(), ['one 3 building', 'one 4 queued 1']))
  const waitsForSlot = push(await made({ Dockerfile: endless(9873) }), 'two')
  await eventually(async () => assert.deepEqual(await underWay(), ['one 3 building', 'two 1 queued 1', 'one 4 queued 2']))

  ok(await ssh('builds:cancel', 'two'))
  assert.equal((await waitsForSlot.started).exitCode, 1)
  assert.match(await waitsForSlot.said, /Build 1 of two was cancelled by ada/)
  ok(await ssh('builds:cancel', 'one', '4'))
  assert.equal((await waitsForApp.started).exitCode, 1)
  assert.match(await waitsForApp.said, /Build 4 of one was cancelled by ada/)
  assert.deepEqual(await underWay(), ['one 3 building'])

  ok(await instance.admin(['builds:cancel', 'one']))
  assert.equal((await building.started).exitCode, 1)
  assert.match(await building.said, /Build 3 of one was cancelled by admin/)
  await eventually(async () => assert.equal(await running('sleep 9871'), 0))
  assert.deepEqual((await builds('one')).slice(0, 2).map(brief), ['one 4 cancelled', 'one 3 cancelled'])
  assert.match(ok(await ssh('builds:output', 'one', '3')), new RegExp(`${mark} begun[\\s\\S]*cancelled by admin`))
  assert.deepEqual(await underWay(), [])
  await serves('one', 'pushed')
})

test('cancelling when nothing is under way changes nothing, and says so', async () => {
  assert.match(ok(await ssh('builds:cancel', 'one')), /App not currently deploying/)
  assert.match(ok(await ssh('builds:cancel', 'one', '2')), /Build 2 is no longer running \(status=succeeded\)/)
  assert.match(ok(await ssh('builds:output', 'one', 'current')), /App not currently deploying/)
  assert.match(ok(await ssh('builds:list')), /No builds currently running/)
  assert.match(failed(await ssh('builds:info', 'one', '99')), /No build record found for one\/99/)
})

test('a deploy that waits for its containers is cancelled, and leaves none behind', async () => {
  ok(await ssh('config:set', '--no-restart', 'one', 'BOOT_MS=50000'))
  const deploying = instance.sshStart(['git:from-image', 'one', image])
  const said = text(deploying.stderr)
  await hears(deploying, 'Starting web.1')
  await eventually(async () => assert.deepEqual(await underWay(), ['one 5 deploying']))
  ok(await ssh('builds:cancel', 'one'))
  assert.equal((await deploying).exitCode, 1)
  assert.match(await said, /Build 5 of one was cancelled by ada/)
  await eventually(async () =>
    assert.deepEqual(await engine.lines('ps', '--all', '--format', '{{.Names}}', '--filter', `name=${name}-one`), [`${name}-one.web.1`]),
  )
  await serves('one', 'pushed')
})

test('a lost connection does not stop git:from-image', async () => {
  ok(await ssh('config:set', '--no-restart', 'one', 'BOOT_MS=3000'))
  const lost = instance.sshStart(['git:from-image', 'one', image])
  await hears(lost, 'Starting web.1')
  lost.kill('SIGKILL')
  await lost
  await eventually(async () => assert.equal((await builds('one'))[0]?.status, 'succeeded'), 60)
  await serves('one', 'steady')
})

test('a build under which control is killed is interrupted, and says so', async () => {
  const pushed = push(await made({ Dockerfile: endless(9874) }), 'three')
  await eventually(async () => assert.equal(await running('sleep 9874'), 1))
  ok(await engine.docker(['kill', name]))
  ok(await engine.docker(['start', name]))
  assert.notEqual((await pushed.started).exitCode, 0)
  await untilHealthy(engine, name)
  const [build] = await builds('three')
  assert.equal(build && brief(build), 'three 1 interrupted')
  assert.match(ok(await ssh('builds:output', 'three')), new RegExp(`${mark} begun\\n !.*was interrupted: control ended[^\\n]*\\n$`))
  await eventually(async () => assert.equal(await running('sleep 9874'), 0))
  assert.deepEqual(await underWay(), [])
})

test('old builds are forgotten by number or by retention', async () => {
  assert.match(ok(await ssh('builds:report', 'one')), /Builds computed retention: +20/)
  ok(await ssh('builds:set', 'one', 'retention', '3'))
  assert.equal(ok(await ssh('builds:report', 'one', '--builds-computed-retention')), '3\n')
  ok(await ssh('builds:prune', 'one'))
  assert.deepEqual(
    (await builds('one')).map(({ number }) => number),
    [6, 5, 4],
  )
  ok(await ssh('builds:prune', 'one', '--keep', '1'))
  assert.deepEqual(
    (await builds('one')).map(({ number }) => number),
    [6],
  )
  assert.match(failed(await ssh('builds:set', 'one', 'retention', '0')), /not a number from 1 to 9999/)
})

test('the cache of our builds is kept within its size, once no image needs it', async () => {
  assert.match((await instance.push(await made(heavy(mark)), 'heavy')).stderr, /exited with status 1/)
  // What others build on this engine meanwhile counts as ours too, so that more may go; second-engine.test.ts has one of its own.
  await eventually(async () => assert.ok(!(await heavySteps(engine, mark)).includes('large')))
})
