import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { run } from '#lib/exec.ts'
import { parseWords } from '#lib/words.ts'
import { root } from '../scripts/sources.ts'

const dir = await mkdtemp(join(tmpdir(), 'client-'))
after(() => rm(dir, { recursive: true }))
const fake = join(dir, 'bin', 'ssh')
await mkdir(join(dir, 'bin'))
// Says how it was called, a word a line with its end marked, as only the last one may have several lines.
await writeFile(fake, '#!/bin/sh\nfor word in "$@"; do printf "%s\\n;\\n" "$word"; done\nexit ${SSH_STATUS:-0}\n')
await chmod(fake, 0o755)

/** A checkout with these remotes. */
async function checkout(name: string, remotes: Record<string, string> = {}): Promise<string> {
  const folder = join(dir, name)
  await mkdir(folder)
  await run(['git', 'init', '-q', folder])
  for (const [remote, url] of Object.entries(remotes)) await run(['git', '-C', folder, 'remote', 'add', remote, url])
  return folder
}

/** What ssh was called with, the last word split as the other side splits it. */
async function typed(cwd: string, words: readonly string[], env: Record<string, string> = {}) {
  const path = `${join(dir, 'bin')}:${process.env.PATH}`
  const result = await run([join(root, 'contrib/dokku-client'), ...words], { cwd, env: { ...env, PATH: path }, allow: 'any' })
  const called = result.stdout.split('\n;\n').slice(0, -1)
  return { ...result, to: called.slice(0, -1).join(' '), line: parseWords(called.at(-1) ?? '') }
}

const shop = await checkout('shop', {
  dokku: 'ssh://dokku@apps.example.com:3022/shop',
  staging: 'dokku@staging.example.com:shop-staging',
  origin: 'https://github.com/me/shop',
})

test('the remote says host, port and app', async () => {
  const { to, line } = await typed(shop, ['logs', '-t'])
  assert.equal(to, '-p 3022 -o LogLevel=ERROR dokku@apps.example.com')
  assert.deepEqual(line, ['--app', 'shop', 'logs', '-t'])
})

test('--remote and DOKKU_REMOTE choose another remote, --app another app', async () => {
  for (const { to, line } of [
    await typed(shop, ['--remote', 'staging', 'logs']),
    await typed(shop, ['logs'], { DOKKU_REMOTE: 'staging' }),
  ]) {
    assert.equal(to, '-p 22 -o LogLevel=ERROR dokku@staging.example.com')
    assert.deepEqual(line, ['--app', 'shop-staging', 'logs'])
  }
  assert.deepEqual((await typed(shop, ['--app', 'other', '--quiet', 'ps:report'])).line, ['--quiet', '--app', 'other', 'ps:report'])
  assert.match((await typed(shop, ['--remote=origin', 'logs'])).stderr, /does not lead to a dokku/)
})

test('every word arrives as it is', async () => {
  const words = ['a b', "it's", '$(id)', '*', '', 'two\nlines\n', '-e', '"', '\\', '🙂']
  assert.deepEqual((await typed(shop, ['config:set', ...words])).line, ['--app', 'shop', 'config:set', ...words])
})

test('a command that names its app, or is about all of them or none, gets no other', async () => {
  for (const words of [['logs', 'shop'], ['ps:restart', '--all'], ['config:show', '--global'], ['apps:list'], ['ssh-keys:list']])
    assert.deepEqual((await typed(shop, words)).line, words)
  assert.deepEqual((await typed(shop, ['run', 'ls', '--all', 'shop'])).line, ['--app', 'shop', 'run', 'ls', '--all', 'shop'])
  assert.deepEqual((await typed(shop, [])).line, ['help'])
})

test('apps:create makes the remote, named like the folder unless the app is named', async () => {
  const remote = async (folder: string) => (await run(['git', '-C', folder, 'remote', 'get-url', 'dokku'], { allow: 'any' })).stdout.trim()
  const fresh = await checkout('My_Blog')
  const env = { DOKKU_HOST: 'apps.example.com' }
  assert.match((await typed(fresh, ['logs'])).stderr, /which dokku/)
  assert.deepEqual((await typed(fresh, ['apps:create'], { ...env, SSH_STATUS: '1' })).exitCode, 1)
  assert.equal(await remote(fresh), '')
  assert.deepEqual((await typed(fresh, ['apps:create'], env)).line, ['apps:create', 'my-blog'])
  assert.equal(await remote(fresh), 'ssh://dokku@apps.example.com:3022/my-blog')
  assert.deepEqual((await typed(shop, ['apps:create', 'second'])).line, ['apps:create', 'second'])
  assert.equal(await remote(shop), 'ssh://dokku@apps.example.com:3022/shop')
})

test('the exit status is that of the command', async () => {
  assert.equal((await typed(shop, ['logs'], { SSH_STATUS: '20' })).exitCode, 20)
})
