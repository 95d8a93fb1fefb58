import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pino } from 'pino'
import { UserError } from '#lib/errors.ts'
import { output } from '#lib/output.ts'
import type { App } from './app.ts'
import { findBuild, listBuilds, logPath, openBuilds, pruneBuilds } from './builds.ts'
import type { By } from './by.ts'
import { createApp } from './create.ts'
import { stateOnly } from './fixtures.ts'
import { interruptBuilds } from './interrupt-builds.ts'
import { lastEvents } from './journal.ts'
import { plainManifest } from './manifest.ts'
import { cancelBuild, followBuild, recordBuild } from './recording.ts'
import { commitRelease, draftRelease, type Release } from './release.ts'
import { readSettings } from './settings.ts'

const dataDir = await mkdtemp(join(tmpdir(), 'recording-'))
after(() => rm(dataDir, { recursive: true, force: true }))
const instance = stateOnly({}, { settings: { ...readSettings({}), dataDir }, log: pino({ level: 'silent' }) })
const silent = output(
  () => undefined,
  () => undefined,
)
const source = { kind: 'image', reference: 'team/app:1' } as const

const make = (name: string) => createApp(instance, name)
const draft = (app: App) => draftRelease(app, { image: 'sha256:1', manifest: plainManifest, description: 'Deploy', by: 'ada' })
const recorded = (app: App, work: (by: By) => Promise<Release>) => recordBuild(app, source, { user: 'ada', output: silent }, work)
const logOf = (app: App, number: number) => readFile(logPath(app, number), 'utf8')

/** A build that tells when it has begun and goes on until its signal. */
function endless(app: App, begun: (by: By) => void = () => undefined): Promise<void> {
  return recorded(
    app,
    (by) =>
      new Promise((_, reject) => {
        by.signal?.addEventListener('abort', () => reject(new Error('a step was stopped')))
        begun(by)
      }),
  )
}

test('recordBuild tells how far a build is, keeps what it says, and writes down how it ended', async () => {
  const app = await make('good')
  const seen: string[] = []
  const see = () => seen.push(findBuild(app, 1).status)
  await recorded(app, async ({ output, stage }) => {
    see()
    stage?.('building')
    see()
    output.step('Building')
    output.warn('slow')
    stage?.('deploying', 1)
    see()
    return draft(app)
  })
  see()
  assert.deepEqual(seen, ['queued', 'building', 'deploying', 'succeeded'])
  const { version, source: from, error, createdBy, startedAt, finishedAt } = findBuild(app, 1)
  assert.deepEqual([version, from, error, createdBy], [1, 'team/app:1', null, 'ada'])
  assert(startedAt !== null && finishedAt !== null)
  assert.equal(await logOf(app, 1), '-----> Building\n !     slow\n')
  assert.equal(lastEvents(instance.db, { apps: ['good'], count: 1 })[0]?.text, 'Build 1 (team/app:1) succeeded as v1')
  assert.deepEqual(openBuilds(instance), [])
})

test('recordBuild is about another source once the work says so', async () => {
  const app = await make('moved')
  await recordBuild(app, source, { user: 'ada', output: silent }, async ({ about }) => {
    about?.({ kind: 'image', reference: 'team/app:2' })
    return draft(app)
  })
  assert.equal(findBuild(app, 1).source, 'team/app:2')
})

test('recordBuild keeps the reason of a failure in one line, and all of it in the output', async () => {
  const app = await make('bad')
  const failure = new UserError('build-failed', '`RUN false` failed\nits last lines', { hint: 'mend it' })
  await assert.rejects(
    recorded(app, async ({ stage }) => {
      stage?.('deploying', 1)
      throw failure
    }),
    failure,
  )
  const { status, error, version } = findBuild(app, 1)
  assert.deepEqual([status, error, version], ['failed', '`RUN false` failed', null])
  assert.equal(await logOf(app, 1), ' !     `RUN false` failed\n !     its last lines\n !     mend it\n')
})

test('cancelBuild ends the running build, tells its caller and its followers who did it, and leaves the next one', async () => {
  const app = await make('stopped')
  const begun = Promise.withResolvers<By>()
  const running = endless(app, begun.resolve)
  ;(await begun.promise).stage?.('building')
  const waiting = endless(app)
  let heard = ''
  const followed = followBuild(app, findBuild(app, 1), (text) => (heard += text), new AbortController().signal)
  const message = 'Build 1 of stopped was cancelled by bob'
  const [cancelled] = await Promise.all([
    cancelBuild(app, undefined, 'bob'),
    assert.rejects(running, { code: 'build-cancelled', message }),
    followed,
  ])
  assert.deepEqual([cancelled?.number, cancelled?.status, cancelled?.error], [1, 'cancelled', message])
  assert.equal(heard, ` !     ${message}\n`)
  assert.equal(findBuild(app, 2).status, 'queued')
  await Promise.all([cancelBuild(app, undefined, 'bob'), assert.rejects(waiting, { code: 'build-cancelled' })])
  assert.equal(await cancelBuild(app, undefined, 'bob'), undefined)
  assert.equal((await cancelBuild(app, 1, 'bob'))?.status, 'cancelled')
  await assert.rejects(cancelBuild(app, 9, 'bob'), { code: 'no-such-build' })
})

test('cancelBuild says that it is too late once the release is stored', async () => {
  const app = await make('late')
  await recorded(app, async ({ stage, signal }) => {
    const release = draft(app)
    stage?.('deploying', release.version)
    commitRelease(app, release)
    await assert.rejects(cancelBuild(app, undefined, 'bob'), { code: 'build-released', message: /too late.*build 1 of late/ })
    assert.equal(signal?.aborted, false)
    return release
  })
  assert.equal(findBuild(app, 1).status, 'succeeded')
})

test('recordBuild goes on when its output cannot be kept', async () => {
  const app = await make('full')
  await writeFile(join(dataDir, 'build-logs', String(app.id)), 'in the way of the folder')
  await recorded(app, async ({ output }) => {
    output.step('Building')
    return draft(app)
  })
  assert.equal(findBuild(app, 1).status, 'succeeded')
})

test('pruneBuilds keeps the newest ended builds and what is under way, and a new build prunes by the retention', async () => {
  const app = await make('many')
  const begun = Promise.withResolvers<By>()
  const running = endless(app, begun.resolve)
  await begun.promise
  app.properties.set('builds retention', '2')
  for (let n = 0; n < 4; n++) await recorded(app, async () => draft(app))
  const numbers = () => listBuilds(app).map(({ number }) => number)
  assert.deepEqual(numbers(), [5, 4, 1])
  await assert.rejects(stat(logPath(app, 3)), { code: 'ENOENT' })
  assert.equal(await pruneBuilds(app, 1), 1)
  assert.deepEqual(numbers(), [5, 1])
  await Promise.all([cancelBuild(app, undefined, 'bob'), assert.rejects(running)])
})

test('interruptBuilds marks what control left under way, but for what became a release, and removes outputs of apps that are gone', async () => {
  const [app, other] = [await make('killed'), await make('killed-later')]
  const begun = Promise.withResolvers<By>()
  void endless(app, begun.resolve).catch(() => undefined)
  const { output: said } = await begun.promise
  said.step('Building')
  const release = draft(other)
  void endless(other, ({ stage }) => stage?.('deploying', release.version)).catch(() => undefined)
  commitRelease(other, release)
  await mkdir(join(dataDir, 'build-logs', '999'), { recursive: true })
  // Its process is gone, so nothing of it is alive any more.
  instance.builds.clear()
  await interruptBuilds(instance)
  assert.equal(findBuild(app, 1).status, 'interrupted')
  assert.match(await logOf(app, 1), /^-----> Building\n !.*Build 1 of killed was interrupted: control ended/)
  assert.deepEqual([findBuild(other, 1).status, findBuild(other, 1).version], ['succeeded', 1])
  assert.deepEqual(openBuilds(instance), [])
  await assert.rejects(stat(join(dataDir, 'build-logs', '999')), { code: 'ENOENT' })
  assert.match(lastEvents(instance.db, { apps: ['killed'], count: 1 })[0]?.text ?? '', /Build 1 .* interrupted: control ended/)
})
