import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { broken, eventually, ok, type Repo, repo, startInstance, versions } from './harness.ts'

const instance = await startInstance({ suffix: 'refused' })
const repos: Repo[] = []
after(() => Promise.all([instance.remove(), ...repos.map((one) => one.remove())]))

async function made(files: Record<string, string>): Promise<Repo> {
  const work = await repo(files)
  repos.push(work)
  return work
}

/** What a declined push says. It must fail, and the ref must not have moved. */
async function refusal(work: Repo, app: string, refspecs?: string[]): Promise<string> {
  const { stderr, stdout, exitCode } = await instance.push(work, app, refspecs)
  assert.equal(exitCode, 1, stdout + stderr)
  assert.match(stdout + stderr, /pre-receive hook declined|remote rejected|rejected/)
  return stderr
}

// An app that serves, for everything that must not disturb it.
const work = await made(versions)
ok(await instance.ssh('apps:create', 'steady'))
ok(await instance.ssh('config:set', '--no-restart', 'steady', 'VERSION=one'))
ok({ ...(await instance.push(work, 'steady')), stdout: '' })
const stillServes = async () => assert.equal((await instance.fetch('steady')).body, 'one')

test('a push of an empty tree says that there are no files', async () => {
  const empty = await made({})
  assert.match(await refusal(empty, 'empty'), /no files/)
})

test('a push of a tree that nobody knows to build says what was looked for', async () => {
  assert.match(await refusal(await made({ 'notes.txt': 'hi' }), 'plain'), /Dockerfile/)
})

test('a push with a broken Dockerfile shows the failing step and leaves the old release serving', async () => {
  await work.commit(broken.dockerfile)
  const said = await refusal(work, 'steady')
  assert.match(said, /about to fail/)
  assert.match(said, / ! {5}/)
  await stillServes()
})

test('a push with a Dockerfile that cannot be read names the line', async () => {
  assert.match(await refusal(await made(broken.syntax), 'syntax'), /FETCH|line 2/i)
})

test('a push of a container that exits at once shows its last lines and leaves the old release serving', async () => {
  await work.commit(broken.exitsAtOnce)
  const said = await refusal(work, 'steady', ['--force', 'main'])
  assert.match(said, /exited with status 3/)
  assert.match(said, /connecting to the database/)
  assert.match(said, /no such database/)
  await stillServes()
})

test('a push of a container that never listens says so', async () => {
  const said = await refusal(await made(broken.neverListens), 'mute')
  assert.match(said, /did not answer|not ready|listen/i)
  assert.match(said, /thinking/)
})

test('a push of a container that listens elsewhere says where', async () => {
  assert.match(await refusal(await made(broken.listensElsewhere), 'elsewhere'), /127\.0\.0\.1:1234/)
})

test('a failed first deploy leaves no container behind', async () => {
  const containers = await instance.engine.lines(
    'ps',
    '--all',
    '--format',
    '{{.Names}}',
    '--filter',
    `label=dokku.instance=${instance.name}`,
  )
  assert.deepEqual(
    containers.filter((name) => /mute|elsewhere|syntax|plain|empty/.test(name)),
    [],
  )
})

test('a push of another branch says how to push it', async () => {
  await work.git('checkout', '--quiet', '-B', 'feature-x', 'main~2')
  assert.match(await refusal(work, 'steady', ['feature-x']), /Branch feature-x is not deployed: push it as git push dokku feature-x:main/)
})

test('deleting the deployed branch is refused', async () => {
  assert.match(await refusal(work, 'steady', [':main']), /Branch main cannot be deleted/)
  await stillServes()
})

test('a tag alone deploys nothing and says so', async () => {
  await work.git('tag', '--force', 'v1', 'main~2')
  assert.match(await refusal(work, 'steady', ['v1']), /tag alone is not deployed/i)
})

test('an annotated tag pushed to the branch says how to push its commit', async () => {
  await work.git('tag', '--annotate', '--message', 'two', 'v2', 'feature-x')
  const tagged = await instance.push(work, 'tagged', ['v2:refs/heads/main'])
  assert.equal(tagged.exitCode, 1)
  assert.match(tagged.stderr, /needs a commit|non-commit/)
})

test('of two pushes to one app at once, the second is declined before it builds', async () => {
  const first = await made({ ...versions, one: '1' })
  const second = await made({ ...versions, two: '2' })
  const slow = { Dockerfile: versions.Dockerfile.replace('CMD', `RUN sleep 4 && echo ${Date.now()}\nCMD`) }
  await first.commit(slow)
  await second.commit(slow)
  const earlier = instance.pushStart(first, 'contested')
  const earlierSaid = text(earlier.stderr)
  earlier.stdout.resume()
  await eventually(async () => ok(await instance.ssh('apps:exists', 'contested')))
  const later = await instance.push(second, 'contested')
  const { exitCode } = await earlier
  assert.deepEqual([exitCode, later.exitCode].sort(), [0, 1], `${await earlierSaid}\n${later.stderr}`)
  const lost = later.exitCode === 1 ? later.stderr : await earlierSaid
  assert.match(lost, /moved while this push waited|fetch first|non-fast-forward/)
  assert.doesNotMatch(lost, /Releasing/)
})

test('pushes to two apps at once both deploy', async () => {
  const both = await Promise.all(['left', 'right'].map(async (app) => instance.push(await made(versions), app)))
  for (const one of both) assert.equal(one.exitCode, 0, one.stderr)
})

test('a push of 200 MB is taken', async () => {
  const large = await made(versions)
  mkdirSync(join(large.dir, 'data'))
  for (let n = 0; n < 20; n++) writeFileSync(join(large.dir, 'data', `${n}.bin`), randomBytes(10 * 1024 * 1024))
  await large.git('config', 'core.compression', '0')
  await large.git('config', 'core.bigFileThreshold', '1m')
  await large.commit({ '.dockerignore': 'data\n' })
  const { stderr, exitCode } = await instance.push(large, 'large')
  assert.equal(exitCode, 0, stderr)
})

test('names that are none are refused, and nothing is created', async () => {
  const before = ok(await instance.ssh('apps:list'))
  for (const name of ['../steady', 'a/b', 'UPPER', '-x', 'dokku', 'x'.repeat(300), 'a;b', "a'b", 'a$(id)b']) {
    const { exitCode, stderr } = await instance.push(work, name, ['feature-x:main'])
    assert.notEqual(exitCode, 0, `${name}: ${stderr}`)
  }
  assert.equal(ok(await instance.ssh('apps:list')), before)
})

test('the app that was there all along still serves', stillServes)
