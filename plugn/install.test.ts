import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { packTar } from 'modern-tar'
import { git } from '#lib/git.ts'
import { changeSetting } from './change-setting.ts'
import { installPlugin, uninstallPlugin, updatePlugin } from './install.ts'
import { readPins } from './pins.ts'
import { readStored } from './settings.ts'
import { store } from './store.ts'

const folder = await mkdtemp(join(tmpdir(), 'install-'))
after(() => rm(folder, { recursive: true }))
let made = 0

async function files(path: string, contents: Record<string, string>): Promise<string> {
  const dir = join(folder, path)
  for (const [name, text] of Object.entries(contents)) {
    await mkdir(dirname(join(dir, name)), { recursive: true })
    await writeFile(join(dir, name), text)
    if (text.startsWith('#!')) await chmod(join(dir, name), 0o755)
  }
  return dir
}

/** A repository with a first commit tagged v1 and a second one on main. */
async function repository(name: string): Promise<string> {
  const dir = await files(name, { 'plugin.toml': '[plugin]\nversion = "1.0.0"\n', 'post-deploy': '#!/bin/sh\n' })
  const commit = (message: string) =>
    git(['-C', dir, '-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '--all', '--message', message])
  await git(['init', '--quiet', '--initial-branch', 'main', dir])
  await git(['-C', dir, 'add', '.'])
  await commit('one')
  await git(['-C', dir, 'tag', 'v1'])
  await writeFile(join(dir, 'plugin.toml'), '[plugin]\nversion = "2.0.0"\n')
  await commit('two')
  return dir
}

async function empty() {
  const made_ = store(join(folder, `store-${++made}`))
  await made_.init()
  return made_
}

const left = async (root: string) => (await readdir(root)).filter((name) => name.startsWith('.') && name !== '.lock')

test('a repository is installed under its name, pinned with commit and digest, and again says so', async () => {
  const here = await empty()
  const source = await repository('greet.git')
  const fetched = await installPlugin(here, source)
  assert.ok(fetched !== 'already')
  assert.deepEqual([fetched.name, fetched.manifest.version], ['greet', '2.0.0'])
  const pin = (await readPins(here)).greet
  assert.match(`${pin?.commit} ${pin?.digest}`, /^[0-9a-f]{40} sha256:[0-9a-f]{64}$/)
  assert.equal(await installPlugin(here, source), 'already')
  await assert.rejects(installPlugin(here, await repository('elsewhere/greet.git')), { code: 'plugin-exists' })
  assert.deepEqual(await left(here.root), [])
})

test('a committish is checked out, and update goes to another or stays as it was when there is none', async () => {
  const here = await empty()
  const source = await repository('pinned.git')
  const first = await installPlugin(here, source, { committish: 'v1' })
  assert.ok(first !== 'already')
  assert.equal(first.manifest.version, '1.0.0')
  await assert.rejects(updatePlugin(here, 'pinned', { committish: 'nowhere' }), { code: 'no-such-commit' })
  await assert.rejects(updatePlugin(here, 'pinned', { committish: '--force' }), { code: 'no-such-commit' })
  assert.match(await readFile(join(here.available, 'pinned/plugin.toml'), 'utf8'), /1\.0\.0/)
  assert.equal((await updatePlugin(here, 'pinned', { committish: 'main' })).manifest.version, '2.0.0')
  assert.deepEqual(await left(here.root), [])
})

test('what is not what was wanted is refused and leaves nothing', async () => {
  const here = await empty()
  const source = await repository('other.git')
  await assert.rejects(installPlugin(here, source, { digest: `sha256:${'0'.repeat(64)}` }), { code: 'other-digest' })
  await assert.rejects(installPlugin(here, source, { accept: async () => assert.fail('not accepted') }), /not accepted/)
  await assert.rejects(installPlugin(here, await files('broken', { 'plugin.toml': '[plugin\n' })), { code: 'bad-toml' })
  const named = await files('named', { 'plugin.toml': '[plugin]\nname = "../x"\n' })
  await assert.rejects(installPlugin(here, named), { code: 'bad-plugin' })
  const leads = await files('leads', { 'plugin.toml': '[plugin]\n' })
  await symlink('/etc/passwd', join(leads, 'post-deploy'))
  await assert.rejects(installPlugin(here, leads), { code: 'bad-archive' })
  assert.deepEqual([await readdir(here.available), await left(here.root), await readPins(here)], [[], [], {}])
})

test('options, transports that run programs, and what is no source at all are refused', async () => {
  const here = await empty()
  for (const source of [
    '--upload-pack=touch /tmp/x',
    'ext::sh -c true',
    'ssh://-oProxyCommand=x/y',
    'host:-x',
    '',
    'a b',
    'https://me:%zz@example.com/x.git',
    'https://',
    'file:///nowhere',
    './nowhere',
  ])
    await assert.rejects(installPlugin(here, source), { code: 'bad-source' }, source)
  for (const name of ['../x', 'a b', '-x', '.x', '', '__proto__', 'constructor'])
    await assert.rejects(installPlugin(here, await repository(`named-${++made}`), { name }), { code: 'bad-plugin-name' }, name)
})

test('what a server does not give, or not as a repository, is said with git’s exit status', async () => {
  const here = await empty()
  const server = createServer((_, response) => void response.writeHead(404).end()).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await assert.rejects(installPlugin(here, `${address}/x.tar.gz`), { code: 'fetch-failed', exitCode: 2 })
  await assert.rejects(installPlugin(here, `${address}/x.git`), { code: 'fetch-failed', exitCode: 128 })
  server.close()
})

test('uninstall takes the plugin away, enabled or not, and wants a name that is there', async () => {
  const here = await empty()
  await installPlugin(here, await repository('gone.git'))
  await here.enable('gone')
  await uninstallPlugin(here, 'gone')
  assert.deepEqual([await here.list(), await here.listEnabled(), await readPins(here)], [[], [], {}])
  await assert.rejects(uninstallPlugin(here, 'gone'), { code: 'no-such-plugin' })
  await assert.rejects(uninstallPlugin(here, ''), { code: 'no-such-plugin' })
})

test('what a killed installation left goes, and what a killed update had moved away is back', async () => {
  const here = await empty()
  await installPlugin(here, await repository('kept.git'))
  await files(`store-${made}/.fetched-999999999-abc`, { x: '' })
  await files(`store-${made}/.replaced-lost`, { 'plugin.toml': '[plugin]\n' })
  await installPlugin(here, await repository('next.git'))
  assert.deepEqual([await left(here.root), (await here.list()).map(({ name }) => name)], [[], ['kept', 'lost', 'next']])
})

test('a commit that no branch leads to is checked out', async () => {
  const source = await repository('loose.git')
  await git(['-C', source, 'config', 'uploadpack.allowAnySHA1InWant', 'true'])
  const commit = (await git(['-C', source, 'rev-parse', 'v1'])).stdout.trim()
  await git(['-C', source, 'tag', '--delete', 'v1'])
  await git(['-C', source, 'reset', '--quiet', '--hard', commit])
  await git(['-C', source, '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '--allow-empty', '-m', 'aside'])
  const aside = (await git(['-C', source, 'rev-parse', 'HEAD'])).stdout.trim()
  await git(['-C', source, 'reset', '--quiet', '--hard', commit])
  const fetched = await installPlugin(await empty(), source, { committish: aside })
  assert.ok(fetched !== 'already')
  assert.equal(fetched.pin.commit, aside)
})

test('a clone that nobody pinned knows itself where it came from', async () => {
  const here = await empty()
  const source = await repository('cloned.git')
  await git(['clone', '--quiet', source, join(here.available, 'cloned')])
  assert.equal(await installPlugin(here, source), 'already')
  assert.equal((await updatePlugin(here, 'cloned', { committish: 'v1' })).manifest.version, '1.0.0')
  assert.equal((await readPins(here)).cloned?.committish, 'v1')
})

test('a password in a URL gets an archive, and stands in no message', async () => {
  const here = await empty()
  const archive = gzipSync(await packTar([{ header: { name: 'hook', size: 1 }, body: 'x' }]))
  const server = createServer(({ url, headers }, response) => {
    const known = url === '/locked.tgz' && headers.authorization === `Basic ${btoa('me:a secret')}`
    response.writeHead(known ? 200 : 401).end(known ? archive : undefined)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = `http://me:a%20secret@127.0.0.1:${(server.address() as AddressInfo).port}`
  assert.notEqual(await installPlugin(here, `${address}/locked.tgz`), 'already')
  const silent = (error: Error) => error.message.includes('127.0.0.1') && !error.message.includes('secret')
  await assert.rejects(installPlugin(here, `${address}/other.tgz`), silent)
  await assert.rejects(installPlugin(here, `${address}/other.git`), silent)
  server.close()
})

test('what is not fit replaces nothing: the plugin stays as it was', async () => {
  const here = await empty()
  const source = await repository('kept-old.git')
  await installPlugin(here, source)
  const before = await readPins(here)
  for (const [toml, code] of [
    ['[plugin\n', 'bad-toml'],
    ['[plugin]\n[plugin.compatibility]\nhost = "<1"\n', 'incompatible'],
  ] as const) {
    await writeFile(join(source, 'plugin.toml'), toml)
    await git(['-C', source, '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '--all', '-m', 'worse'])
    await assert.rejects(updatePlugin(here, 'kept-old', { host: { version: '1.0.0' } }), { code })
  }
  assert.match(await readFile(join(here.available, 'kept-old/plugin.toml'), 'utf8'), /2\.0\.0/)
  assert.deepEqual([await readPins(here), await left(here.root)], [before, []])
})

test('an update keeps what somebody put beside a plugin’s files, and refuses to lose what was changed in them', async () => {
  const here = await empty()
  const source = await repository('own.git')
  const cloned = join(here.available, 'clone')
  await installPlugin(here, source, { committish: 'v1' })
  await git(['clone', '--quiet', source, cloned])
  await git(['-C', cloned, 'checkout', '--quiet', 'v1'])
  for (const name of ['own', 'clone']) {
    const place = join(here.available, name)
    await mkdir(join(place, 'state/deep'), { recursive: true })
    await writeFile(join(place, 'state/deep/file'), 'mine', { mode: 0o600 })
    assert.equal((await updatePlugin(here, name, { committish: 'main' })).manifest.version, '2.0.0')
    assert.deepEqual(
      [await readFile(join(place, 'state/deep/file'), 'utf8'), (await stat(join(place, 'state/deep/file'))).mode & 0o777],
      ['mine', 0o600],
    )
    await writeFile(join(place, 'plugin.toml'), '[plugin]\nversion = "2.0.0-mine"\n')
    await assert.rejects(updatePlugin(here, name, { committish: 'v1' }), { code: 'plugin-changed', message: /plugin\.toml$/ })
    assert.match(await readFile(join(place, 'plugin.toml'), 'utf8'), /mine/)
    assert.equal((await updatePlugin(here, name, { committish: 'v1', force: true })).manifest.version, '1.0.0')
    assert.equal(await readFile(join(place, 'state/deep/file'), 'utf8'), 'mine')
  }
  await files('own.git', { 'state/deep/file': 'theirs' })
  await git(['-C', source, 'add', '.'])
  await git(['-C', source, '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '-m', 'three'])
  await assert.rejects(updatePlugin(here, 'own', { committish: 'main' }), { code: 'plugin-changed', message: /state\/deep\/file$/ })
  assert.deepEqual(await left(here.root), [])
})

test('changes of one store at once are one after the other: nothing is lost, and nobody sees half of it', async () => {
  const here = await empty()
  const sources = await Promise.all(Array.from({ length: 5 }, (_, n) => files(`many-${n}`, { 'plugin.toml': '[plugin]\n' })))
  const twice = [...sources, ...sources].map((source) => installPlugin(here, source))
  const settings = Array.from({ length: 10 }, (_, n) => changeSetting(here, 'many-0', `key-${n}`, `${n}`))
  const installed = await Promise.all(twice)
  await Promise.all(settings)
  assert.equal(installed.filter((one) => one === 'already').length, 5)
  assert.deepEqual(Object.keys(await readPins(here)).sort(), ['many-0', 'many-1', 'many-2', 'many-3', 'many-4'])
  assert.equal(Object.keys((await readStored(here.config))['many-0'] ?? {}).length, 10)
  await Promise.all([1, 2, 3].map(() => here.enable('many-1')))
  const gone = await Promise.allSettled([1, 2, 3].map(() => uninstallPlugin(here, 'many-1')))
  assert.equal(gone.filter(({ status }) => status === 'fulfilled').length, 1)
  const updates = sources.flatMap((_, n) => (n === 1 ? [] : [updatePlugin(here, `many-${n}`), updatePlugin(here, `many-${n}`)]))
  await Promise.all(updates)
  assert.deepEqual([await left(here.root), (await here.listEnabled()).length], [[], 0])
})
