import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { currentCommit, repositories } from '#gitreceive'
import { git } from '#lib/git.ts'
import { output } from '#lib/output.ts'
import { createApp } from './create.ts'
import { parseRemote } from './fetch-guard.ts'
import { stateOnly } from './fixtures.ts'
import { remoteConfig } from './git-config.ts'
import { moveBranch, unlockRepository } from './git-deploy.ts'
import { fetchRemote, remoteCommit } from './git-fetch.ts'
import { storeAllowedHosts, storeCredentials } from './git-hosts.ts'
import { gitServer } from './git-server.fixture.ts'

const folder = await mkdtemp(join(tmpdir(), 'git-fetch-'))
const served = join(folder, 'served')
const all = repositories(join(folder, 'repositories'), { hooksPath: join(folder, 'hooks') })
const instance = stateOnly({}, { repositories: all })
Object.assign(instance.settings, { dataDir: folder })
const app = await createApp(instance, 'shop')
const own = all.path(String(app.id))

const server = await gitServer(served)
const { at } = server
after(async () => {
  server.close()
  await rm(folder, { recursive: true })
})

/** Commits a file to a branch of what is served; gives the commit. */
async function commit(text: string, branch = 'main'): Promise<string> {
  const work = await mkdtemp(join(folder, 'work-'))
  const run = (...words: string[]) => git(['-C', work, '-c', 'user.name=a', '-c', 'user.email=a@example.com', ...words])
  await run('init', '--quiet', '--initial-branch', branch)
  await writeFile(join(work, 'file'), text)
  await run('add', '--all')
  await run('commit', '--quiet', '--message', text)
  await run('push', '--quiet', '--force', join(served, 'app'), branch)
  return (await run('rev-parse', 'HEAD')).stdout.trim()
}

await git(['init', '--quiet', '--bare', '--initial-branch', 'main', join(served, 'app')])
const first = await commit('one')
const side = await commit('side', 'feature/x')
await git(['--git-dir', join(served, 'app'), '-c', 'user.name=a', '-c', 'user.email=a@b', 'tag', '-m', 'v1', 'v1', side])

const said: string[] = []
const by = {
  user: 'ada',
  output: output(
    (text) => void said.push(text),
    () => {},
  ),
}
const remote = (ref?: string, path = 'app', credentials = '') =>
  ({ kind: 'remote', remote: parseRemote(`http://${credentials}${at}/${path}`), ref }) as const
const fetch = (...words: Parameters<typeof remote>) => fetchRemote(app, remote(...words), by)

test('fetchRemote refuses a repository of this machine until an admin allows it', async () => {
  await assert.rejects(fetch(), { code: 'remote-refused' })
  storeAllowedHosts(instance.db, ['127.0.0.0/8'])
  assert.equal(await fetch(), first)
  assert.match(said.join(''), /Fetching the default branch of http:\/\/127\.0\.0\.1:\d+\/app\n/)
})

test('fetchRemote brings a branch, an annotated tag and a commit, and moves no branch', async () => {
  for (const ref of ['feature/x', 'v1', side]) assert.equal(await fetch(ref), side, ref)
  assert.equal(await currentCommit(own, `${side}^{commit}`), side)
  assert.equal((await git(['--git-dir', own, 'for-each-ref'])).stdout, '')
})

test('fetchRemote leaves nothing of its own behind', async () => {
  await fetch()
  await fetch('nothing').catch(() => undefined)
  assert.deepEqual(await readdir(join(folder, 'builds')), [])
})

test('fetchRemote says what is missing', async () => {
  await assert.rejects(fetch('nothing'), { code: 'no-such-commit', message: /has no branch or tag nothing/ })
  await assert.rejects(fetch('f'.repeat(40)), { code: 'fetch-failed' })
  await assert.rejects(fetch(undefined, 'none'), { code: 'fetch-failed', hint: /git:auth|address right/ })
})

test('fetchRemote follows no redirect, which could lead anywhere', async () => {
  await assert.rejects(fetch(undefined, 'moved'), { code: 'fetch-failed', hint: /redirects to/ })
})

test('fetchRemote shows the credentials of a host, or those of the URL, and says how to give some', async () => {
  await assert.rejects(fetch(undefined, 'private'), { code: 'fetch-failed', hint: /git:auth 127\.0\.0\.1 USER PASSWORD/ })
  assert.equal(await fetch(undefined, 'private', 'me:a%20secret@'), first)
  storeCredentials(instance.db, '127.0.0.1', { user: 'me', password: 'a secret' })
  assert.equal(await fetch(undefined, 'private'), first)
  storeCredentials(instance.db, '127.0.0.1', undefined)
  await assert.rejects(fetch(undefined, 'private', 'me:wrong@'), (error: Error) => !JSON.stringify(error).includes('wrong'))
  assert.ok(!said.join('').includes('secret'))
})

test('fetchRemote gives up when it is cancelled', async () => {
  const reason = new Error('cancelled')
  await assert.rejects(fetchRemote(app, remote(), { ...by, signal: AbortSignal.abort(reason) }), reason)
})

test('remoteCommit asks where a branch stands without fetching it', async () => {
  const next = await commit('two')
  assert.equal(await remoteCommit(instance, remote('main')), next)
  assert.equal(await remoteCommit(instance, remote(next)), next)
  assert.equal(await currentCommit(own, `${next}^{commit}`), undefined)
})

test('fetchRemote takes a repository of the other object format into an app that has nothing yet', async () => {
  const [work, path] = [join(folder, 'work-256'), join(served, 'new')]
  const run = (...words: string[]) => git(['-C', work, '-c', 'user.name=a', '-c', 'user.email=a@example.com', ...words])
  await git(['init', '--quiet', '--object-format=sha256', '--initial-branch=main', work])
  await run('commit', '--quiet', '--allow-empty', '--message', 'one')
  await git(['init', '--quiet', '--bare', '--object-format=sha256', '--initial-branch=main', path])
  await run('push', '--quiet', path, 'main')
  await assert.rejects(fetch('main', 'new'), { code: 'other-format' })
  const empty = await createApp(instance, 'empty')
  assert.match(await fetchRemote(empty, remote('main', 'new'), by), /^[0-9a-f]{64}$/)
})

test('moveBranch moves the branch that deploys, also back', async () => {
  const newest = await fetch('main')
  assert.equal(await moveBranch(app, newest), 'main')
  assert.equal(await moveBranch(app, side), 'main')
  assert.equal(await currentCommit(own, 'refs/heads/main'), side)
  app.properties.set('git deploy-branch', 'live')
  assert.equal(await moveBranch(app, newest), 'live')
  app.properties.set('git deploy-branch', '')
})

test('moveBranch says what to do about a lock that a killed git left, and unlockRepository takes only an old one away', async () => {
  const lock = join(own, 'refs/heads/main.lock')
  await writeFile(lock, '')
  await assert.rejects(moveBranch(app, first), { code: 'branch-locked', hint: /git:unlock shop/ })
  assert.equal(await unlockRepository(app), 0)
  await utimes(lock, 0, 0)
  assert.equal(await unlockRepository(app), 1)
  await moveBranch(app, first)
})

test('git connects to the address that was looked at, whatever the name means by then', async () => {
  const repository = join(folder, 'pinned')
  await git(['init', '--quiet', '--bare', repository])
  const asked = { ...parseRemote(`http://name.invalid:${at.split(':')[1]}/app`), address: '127.0.0.1' }
  await writeFile(join(repository, 'config'), remoteConfig(asked, repository, undefined).config, { flag: 'a' })
  assert.match((await git(['--git-dir', repository, 'ls-remote', asked.url])).stdout, /refs\/heads\/main/)
})
