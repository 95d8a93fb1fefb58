import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UserError } from '#lib/errors.ts'
import { hookEnvironment, parseService, serviceCommand } from './service.ts'

test('parseService reads what git sends, with and without a slash and .git', () => {
  const service = 'git-receive-pack'
  for (const path of ['app', '/app', 'app.git', '/app.git', 'app/'])
    assert.deepEqual(parseService([service, path]), { service, name: 'app' })
  assert.deepEqual(parseService(['git', 'upload-pack', 'app']), { service: 'git-upload-pack', name: 'app' })
  assert.deepEqual(parseService(['git-upload-archive', 'app']), { service: 'git-upload-archive', name: 'app' })
})

test('parseService leaves other commands to others', () => {
  for (const words of [[], ['apps:list'], ['git'], ['git', 'push'], ['git-shell', 'x'], ['git-receive-pack2', 'x'], ['git:report', 'app']])
    assert.equal(parseService(words), undefined)
})

test('parseService leaves hostile names to the grammar of names, unchanged', () => {
  for (const name of ['../app', '$(id)', 'a b', "a'b", '~root/x', 'A']) assert.equal(parseService(['git-upload-pack', name])?.name, name)
  assert.equal(parseService(['git-upload-pack', ''])?.name, '')
  assert.equal(parseService(['git-upload-pack', '//app'])?.name, '/app')
})

test('parseService says that Git LFS is not served', () => {
  for (const words of [
    ['git-lfs-authenticate', 'shop', 'upload'],
    ['git-lfs-transfer', 'shop', 'upload'],
  ])
    assert.throws(() => parseService(words), { code: 'bad-git-command', message: 'Git LFS is not served here' })
})

test('parseService refuses options and further words', () => {
  for (const words of [['--upload-pack=sh', 'app'], ['-oProxyCommand=sh'], ['app', 'more'], []])
    assert.throws(
      () => parseService(['git-upload-pack', ...words]),
      (error) => error instanceof UserError && error.code === 'bad-git-command',
    )
})

test('serviceCommand gives argv with an absolute path as its last word', () => {
  assert.deepEqual(serviceCommand('git-receive-pack', '/r/1.git'), ['git', '-c', 'safe.directory=*', 'receive-pack', '/r/1.git'])
  assert.deepEqual(serviceCommand('git-upload-pack', '/r/1.git').slice(-3), ['upload-pack', '--strict', '/r/1.git'])
  assert.throws(() => serviceCommand('git-receive-pack', '-x'), /not an absolute path/)
})

test('hookEnvironment carries its variables and a well-formed protocol, and nothing else of git', () => {
  const env = hookEnvironment({ DOKKU_USER: 'alice', GIT_DIR: '/x' }, 'version=2')
  assert.equal(env.DOKKU_USER, 'alice')
  assert.equal(env.GIT_PROTOCOL, 'version=2')
  assert.equal(env.GIT_DIR, undefined)
  assert.equal(hookEnvironment({}, 'version=2\nx').GIT_PROTOCOL, undefined)
})
