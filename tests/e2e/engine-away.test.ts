import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { eventually, ok, repo, secondEngine, startInstance, versionImage, versions } from './harness.ts'

const image = process.env.DOKKU_IMAGE ?? ''
const second = await secondEngine(process.env.DOKKU_ENGINE_IMAGE ?? '', { liveRestore: true })
const instance = await begin().catch(async (error: unknown) => {
  await second.remove()
  throw error
})
const slow = await repo({ ...versions, Dockerfile: versions.Dockerfile.replace('CMD', 'RUN sleep 8\nCMD') })
// The instance goes with its engine.
after(() => Promise.all([second.remove(instance.name), slow.remove()]))
const { engine, name, ssh } = instance
const fixture = `${name}/fixture:latest`
await engine.build(fixture, versionImage('one'), name)
ok(await ssh('git:from-image', 'shop', fixture))

async function begin() {
  await second.load(image, 'debian:trixie-slim', 'node:24-slim')
  return await startInstance({ suffix: 'away', engine: second.engine, image })
}

const serves = async (body: string) => assert.equal((await instance.fetch('shop', '/', { timeoutMs: 5_000 })).body, body)
const containers = () => engine.lines('ps', '--all', '--format', '{{.Names}}', '--filter', `name=${name}-shop`)
const lastVersion = async () => JSON.parse(ok(await ssh('releases:list', 'shop', '--format', 'json')))[0].version
const killed = async () => {
  await second.kill()
  await second.untilAnswers()
}
/** Begins something, waits until it says a word, hurts the engine, and answers how it ended. */
const interrupted = async (started: ReturnType<typeof instance.sshStart>, word: string, hurt: () => Promise<void>) => {
  let said = ''
  const seen = Promise.withResolvers<void>()
  for (const stream of [started.stdout, started.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.includes(word)) seen.resolve()
    })
  await Promise.race([seen.promise, started])
  await hurt()
  return { exitCode: (await started).exitCode, said }
}

test('a deploy during which the engine is frozen goes on when it thaws, and what serves does not notice', async () => {
  const deploy = instance.sshStart(['config:set', 'shop', 'VERSION=two', 'BOOT_MS=2000'])
  const frozen = async () => {
    await serves('one')
    // The fault itself takes its time.
    await pause(20_000)
    await serves('one')
  }
  const { exitCode, said } = await interrupted(deploy, 'Starting web.1', () => second.frozen(frozen))
  assert.equal(exitCode, 0, said)
  await serves('two')
  await eventually(async () => assert.deepEqual(await containers(), [`${name}-shop.web.1`]), 60)
})

test('a deploy during which the engine dies fails and says why, or is done; then all is as was acknowledged, and the next one works', async () => {
  const before = await lastVersion()
  const { exitCode, said } = await interrupted(instance.sshStart(['config:set', 'shop', 'VERSION=three']), 'Starting web.1', killed)
  if (exitCode !== 0) assert.match(said, /Docker engine/)
  const [body, version] = exitCode === 0 ? ['three', before + 1] : ['two', before]
  await serves(body)
  assert.equal(await lastVersion(), version)
  await eventually(async () => assert.deepEqual(await containers(), [`${name}-shop.web.1`]), 60)
  ok(await ssh('config:set', 'shop', 'VERSION=four'))
  await serves('four')
})

test('a push whose build the engine does not survive is declined and says why; the same push again deploys', async () => {
  const { exitCode, said } = await interrupted(instance.pushStart(slow, 'shop'), 'RUN sleep', killed)
  assert.notEqual(exitCode, 0)
  assert.match(said, /Docker engine/)
  await serves('four')
  const again = await instance.push(slow, 'shop')
  assert.equal(again.exitCode, 0, again.stderr)
  await serves('four')
})

test('what happens to a container after the engine came back is noticed again', async () => {
  ok(await engine.docker(['rm', '--force', `${name}-shop.web.1`]))
  await eventually(() => serves('four'), 60)
})
