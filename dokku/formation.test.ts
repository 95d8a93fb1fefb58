import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApp } from './create.ts'
import { stateOnly } from './fixtures.ts'
import { checkProcesses } from './formation.ts'
import { plainManifest } from './manifest.ts'
import { commitRelease, draftRelease } from './release.ts'

test('checkProcesses refuses what a deployed app does not have, and says what may be meant', async () => {
  const app = await createApp(stateOnly(), 'shop')
  checkProcesses(app, ['anything'])
  const manifest = { ...plainManifest, processes: { web: null, worker: 'work' } }
  commitRelease(app, draftRelease(app, { image: 'sha256:1', manifest, description: 'Deploy', by: 'alice' }))
  checkProcesses(app, ['web', 'worker'])
  assert.throws(() => checkProcesses(app, ['web', 'wroker']), { code: 'no-such-process', hint: 'did you mean worker?' })
  assert.throws(() => checkProcesses(app, ['cron']), { hint: 'it has: web, worker' })
})
