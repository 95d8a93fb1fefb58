import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { attempt, ok, repo, startInstance } from './harness.ts'

const instance = await startInstance({ suffix: 'push-node' })
const work = await repo('node-npm')
after(() => Promise.all([instance.remove(), work.remove()]))

test('a push of a Node app with npm dependencies builds and deploys it, and says where it is', async () => {
  const { stderr, exitCode } = await instance.push(work, 'shop')
  assert.equal(exitCode, 0, stderr)
  for (const line of ['-----> Building shop', '-----> Releasing shop', '-----> Deploying shop v1', '=====> Application deployed:'])
    assert.ok(stderr.includes(line), `${line} is missing in ${stderr}`)
  assert.ok(stderr.includes(`http://shop.${instance.hostname}:${instance.ports.http}`), stderr)
  ok(await instance.check('node-npm', 'shop'))
})

test('the push created the app, and the app knows its revision', async () => {
  assert.match(ok(await instance.ssh('apps:list')), /^shop$/m)
  const { body } = await instance.fetch('shop', '/config/GIT_REV')
  assert.equal(JSON.parse(body).value, await work.git('rev-parse', 'HEAD'))
})

test('output of a push is plain lines without cursor movement or colour', async () => {
  await work.commit({ 'notes.txt': 'first\n' })
  const { stderr } = await instance.push(work, 'shop')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence is what must not be there
  assert.doesNotMatch(stderr, /\x1b(?!\[K)|\r(?!\n)/)
})

test('a push of a changed line changes what the app answers', async () => {
  const before = await instance.fetch('shop')
  await work.git('config', 'core.safecrlf', 'false')
  const source = (await work.git('show', 'HEAD:server.js')).replace('Hello from Express', 'Hello again')
  await work.commit({ 'server.js': source })
  assert.equal((await instance.push(work, 'shop')).exitCode, 0)
  assert.equal(before.body, 'Hello from Express\n')
  assert.equal((await instance.fetch('shop')).body, 'Hello again\n')
})

test('a push of the same commit deploys nothing', async () => {
  const releases = ok(await instance.ssh('releases:list', 'shop'))
  const { stdout, stderr, exitCode } = await instance.push(work, 'shop')
  assert.equal(exitCode, 0)
  assert.match(stdout + stderr, /up[ -]to[ -]date/i)
  assert.equal(ok(await instance.ssh('releases:list', 'shop')), releases)
})

test('a force push to an older commit deploys it again', async () => {
  await work.git('reset', '--quiet', '--hard', 'HEAD~1')
  const { stderr, exitCode } = await instance.push(work, 'shop', ['--force', 'main'])
  assert.equal(exitCode, 0, stderr)
  assert.equal((await instance.fetch('shop')).body, 'Hello from Express\n')
})

test('what was pushed can be cloned', async () => {
  const argv = instance.sshArgv().slice(0, -1)
  const clone = await attempt(['git', 'clone', '--quiet', instance.remote('shop'), join(instance.dir, 'clone')], {
    env: { PATH: process.env.PATH ?? '', HOME: instance.dir, GIT_SSH_VARIANT: 'ssh', GIT_SSH_COMMAND: argv.join(' ') },
  })
  ok(clone)
  const head = await attempt(['git', '-C', join(instance.dir, 'clone'), 'rev-parse', 'HEAD'])
  assert.equal(ok(head).trim(), await work.git('rev-parse', 'HEAD'))
})

test('a push of master to a new app deploys it too', async () => {
  await work.git('branch', '--force', 'master')
  const { stderr, exitCode } = await instance.push(work, 'old-school', ['master'])
  assert.equal(exitCode, 0, stderr)
  ok(await instance.check('node-npm', 'old-school'))
})

test('nothing of the certificates that the build trusted is left in the app', async () => {
  const environment = ok(await instance.ssh('run', 'shop', 'env'))
  assert.doesNotMatch(environment, /CA_CERT|SSL_CERT|CA_BUNDLE/)
})
