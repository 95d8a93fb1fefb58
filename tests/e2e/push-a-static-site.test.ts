import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ok, repo, startInstance } from './harness.ts'

const instance = await startInstance({ suffix: 'push-static' })
const work = await repo('static-site')
after(() => Promise.all([instance.remove(), work.remove()]))

test('a push of a static site deploys it on the port it is given', async () => {
  const { stderr, exitCode } = await instance.push(work, 'site')
  assert.equal(exitCode, 0, stderr)
  ok(await instance.check('static-site', 'site'))
})

test('a domain of its own reaches the app, and removing it brings the default back', async () => {
  ok(await instance.ssh('domains:add', 'site', 'www.example.test'))
  assert.equal((await instance.fetch('site', '/', { host: 'www.example.test' })).status, 200)
  ok(await instance.ssh('domains:remove', 'site', 'www.example.test'))
  await assert.rejects(instance.fetch('site', '/', { host: 'www.example.test' }))
  ok(await instance.check('static-site', 'site'))
})

test('an unknown host is refused without a word', async () => {
  await assert.rejects(instance.fetch('site', '/', { host: 'nobody.example.test' }), /hang up|ECONNRESET/)
})

test('a tag pushed along with the branch is kept and deploys nothing of its own', async () => {
  await work.commit({ 'site/about.html': '<p>About</p>\n' })
  await work.git('tag', 'v1')
  const { stderr, exitCode } = await instance.push(work, 'site', ['main', 'v1'])
  assert.equal(exitCode, 0, stderr)
  assert.equal((await instance.fetch('site', '/about.html')).status, 200)
})

test('deleting a tag is refused', async () => {
  const { stderr, exitCode } = await instance.push(work, 'site', [':v1'])
  assert.equal(exitCode, 1)
  assert.match(stderr, /Tag v1 cannot be deleted here/)
})
