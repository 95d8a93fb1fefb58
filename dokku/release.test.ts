import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findApp } from './app.ts'
import { createApp } from './create.ts'
import { dockerOptions, readOptions, storeDockerOptions } from './docker-options.ts'
import { stateOnly } from './fixtures.ts'
import { plainManifest } from './manifest.ts'
import { commitRelease, currentRelease, draftRelease, listReleases, rollbackRelease } from './release.ts'

const by = 'alice'

test('draftRelease takes the stored config and formation and counts versions up', async () => {
  const app = await createApp(stateOnly(), 'shop')
  app.config.set({ A: '1' })
  const first = draftRelease(app, { image: 'sha256:1', manifest: plainManifest, revision: 'c1', description: 'Deploy c1', by })
  assert.equal(first.version, 1)
  assert.deepEqual(first.formation, { web: 1 })
  commitRelease(app, first)
  app.formation.set({ web: 3 })
  const second = draftRelease(app, { description: 'Scale web=3', by })
  assert.deepEqual(
    [second.version, second.image, second.revision, second.config, second.formation],
    [2, 'sha256:1', 'c1', { A: '1' }, { web: 3 }],
  )
  assert.deepEqual(currentRelease(app)?.version, 1)
})

test('draftRelease of an app that was never deployed says so', async () => {
  const app = await createApp(stateOnly(), 'shop')
  assert.throws(() => draftRelease(app, { description: 'x', by }), { code: 'not-deployed' })
})

test('a rollback restores image, config and formation, and is a release of its own', async () => {
  const app = await createApp(stateOnly(), 'shop')
  app.config.set({ A: '1', OLD: 'yes' })
  commitRelease(app, draftRelease(app, { image: 'sha256:1', manifest: plainManifest, description: 'Deploy one', by }))
  app.config.unset(['OLD'])
  app.config.set({ A: '2', NEW: 'yes' })
  app.formation.set({ web: 2 })
  commitRelease(app, draftRelease(app, { image: 'sha256:2', description: 'Deploy two', by }))
  const back = rollbackRelease(app, undefined, 'bob')
  commitRelease(app, back, back)
  assert.deepEqual(app.config.all(), { A: '1', OLD: 'yes' })
  assert.deepEqual(app.formation.all(), { web: 1 })
  assert.deepEqual(
    listReleases(app).map(({ version, image, description }) => [version, image, description]),
    [
      [3, 'sha256:1', 'Rollback to v1'],
      [2, 'sha256:2', 'Deploy two'],
      [1, 'sha256:1', 'Deploy one'],
    ],
  )
})

test('a rollback restores docker options, and does not take those of plugins for them', async () => {
  const app = await createApp(stateOnly(), 'shop')
  storeDockerOptions(app, readOptions('--memory 64m --read-only', 'deploy', 'web'))
  commitRelease(app, draftRelease(app, { image: 'sha256:1', manifest: plainManifest, description: 'Deploy one', by }))
  storeDockerOptions(app, [])
  const two = draftRelease(app, { image: 'sha256:2', description: 'Deploy two', by })
  commitRelease(app, { ...two, args: readOptions('--label a=b', 'deploy') })
  const back = rollbackRelease(app, 1, by)
  commitRelease(app, back, back)
  assert.deepEqual(
    dockerOptions(app).map(({ process, option }) => `${process} ${option}`),
    ['web --memory 64m', 'web --read-only'],
  )
  assert.deepEqual(currentRelease(app)?.options, dockerOptions(app))
})

test('a release does not take back config that was set while it was deployed', async () => {
  const app = await createApp(stateOnly(), 'shop')
  const draft = draftRelease(app, { image: 'sha256:1', manifest: plainManifest, description: 'Deploy one', by })
  app.config.set({ LATE: '1' })
  commitRelease(app, draft)
  assert.deepEqual(app.config.all(), { LATE: '1' })
  assert.deepEqual(currentRelease(app)?.config, {})
})

test('rollbackRelease names the versions there are not', async () => {
  const app = await createApp(stateOnly(), 'shop')
  assert.throws(() => rollbackRelease(app, undefined, by), { code: 'not-deployed' })
  commitRelease(app, draftRelease(app, { image: 'sha256:1', manifest: plainManifest, description: 'Deploy one', by }))
  assert.throws(() => rollbackRelease(app, undefined, by), { code: 'no-such-release', message: 'shop has no earlier release' })
  assert.throws(() => rollbackRelease(app, 1, by), { code: 'release-is-current', message: 'v1 is what shop runs' })
  for (const version of [0, 7])
    assert.throws(() => rollbackRelease(app, version, by), { code: 'no-such-release', message: `shop has no release v${version}` })
  commitRelease(app, draftRelease(app, { description: 'Deploy two', by }))
  app.instance.db.run('DELETE FROM releases WHERE version = 1')
  assert.throws(() => rollbackRelease(app, 1, by), { code: 'no-such-release', message: 'v1 of shop was pruned' })
})

test('an app’s rows go with it', async () => {
  const instance = stateOnly()
  const app = await createApp(instance, 'shop')
  app.config.set({ A: '1' })
  commitRelease(app, draftRelease(app, { image: 'sha256:1', manifest: plainManifest, description: 'Deploy one', by }))
  instance.db.run('DELETE FROM apps WHERE id = ?', app.id)
  assert.throws(() => findApp(instance, 'shop'), { code: 'app-missing', exitCode: 20 })
  const again = await createApp(instance, 'shop')
  assert.deepEqual([again.config.all(), listReleases(again)], [{}, []])
})
