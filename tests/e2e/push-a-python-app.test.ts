import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ok, repo, startInstance } from './harness.ts'

const instance = await startInstance({ suffix: 'push-python' })
const work = await repo('python-flask')
after(() => Promise.all([instance.remove(), work.remove()]))

test('a push of a Flask app from distribution packages deploys it on the port its image exposes', async () => {
  const { stderr, exitCode } = await instance.push(work, 'api')
  assert.equal(exitCode, 0, stderr)
  ok(await instance.check('python-flask', 'api'))
})

test('a deploy branch of its own takes the place of main and master', async () => {
  ok(await instance.ssh('git:set', 'api', 'deploy-branch', 'live'))
  await work.commit({ 'notes.txt': 'live\n' })
  const refused = await instance.push(work, 'api')
  assert.equal(refused.exitCode, 1)
  assert.match(refused.stderr, /Branch main is not deployed: push it as git push dokku main:live/)
  const accepted = await instance.push(work, 'api', ['main:live'])
  assert.equal(accepted.exitCode, 0, accepted.stderr)
  assert.match(ok(await instance.ssh('releases:list', 'api')), /v2/)
  ok(await instance.check('python-flask', 'api'))
})
