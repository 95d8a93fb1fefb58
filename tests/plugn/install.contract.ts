import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { packTar } from 'modern-tar'
import { git } from '#lib/git.ts'
import { host, outcome } from './harness.ts'

// How plugins come, change and go, as upstream's plugn has it and programs rely on; what we do otherwise on purpose says so in its name.
const { bash, path, plugin, folder } = await host()
await bash('plugn init')
const available = join(path, 'available')

/** A repository with a commit tagged v1 and one more on main. */
async function repository(name: string): Promise<string> {
  const dir = join(folder, name)
  await git(['init', '--quiet', '--initial-branch', 'main', dir])
  for (const version of ['one', 'two']) {
    await writeFile(join(dir, 'version'), version)
    await git(['-C', dir, 'add', '--all'])
    await git(['-C', dir, '-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '--message', version])
    if (version === 'one') await git(['-C', dir, 'tag', 'v1'])
  }
  return dir
}

const version = async (name: string) => await readFile(join(available, name, 'version'), 'utf8')

test('install takes its name from the URL, up to the first dot, or as it is given; the same again only says so', async () => {
  const source = await repository('a.b.git')
  assert.deepEqual(outcome(await bash(`plugn install ${source}`)), [0, ''])
  assert.equal(await version('a'), 'two')
  assert.deepEqual(outcome(await bash(`plugn install ${source} other`)), [0, ''])
  const { exitCode, stdout, stderr } = await bash(`plugn install ${source}`)
  assert.deepEqual([exitCode, stdout, stderr], [0, '', `Plugin already installed from ${source}\n`])
  assert.deepEqual(await readdir(join(path, 'enabled')), [])
})

test('install refuses a name that is another plugin’s, or of a folder that nobody installed', async () => {
  const source = await repository('more')
  await plugin('by-hand', { hook: '' }, { enabled: false })
  for (const name of ['a', 'by-hand']) {
    const { exitCode, stdout, stderr } = await bash(`plugn install ${source} ${name}`)
    assert.deepEqual([exitCode, stdout], [1, ''], name)
    assert.match(stderr, new RegExp(`there is a plugin ${name} already`))
  }
})

test('install of an archive takes its only folder away, dotfiles too, and leaves nothing when it fails', async () => {
  const entry = (name: string) => ({ header: { name, size: 1 }, body: 'x' })
  const archives: Record<string, Buffer> = {
    '/tool.tar.gz': gzipSync(await packTar([entry('tool-1.0/hook'), entry('tool-1.0/.hidden')])),
    '/flat.tgz': gzipSync(await packTar([entry('hook'), entry('more')])),
    '/half.tgz': gzipSync(await packTar([entry('hook')])).subarray(0, 40),
  }
  const server = createServer(({ url = '' }, response) => {
    response.writeHead(archives[url] === undefined ? 404 : 200).end(archives[url])
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  assert.deepEqual(outcome(await bash(`plugn install ${address}/tool.tar.gz && plugn install ${address}/flat.tgz`)), [0, ''])
  assert.deepEqual(
    [await readdir(join(available, 'tool')), await readdir(join(available, 'flat'))],
    [
      ['.hidden', 'hook'],
      ['hook', 'more'],
    ],
  )
  assert.equal((await bash(`plugn install ${address}/none.tgz`)).exitCode, 2)
  assert.equal((await bash(`plugn install ${address}/half.tgz`)).exitCode, 2)
  assert.equal((await bash(`plugn install ${address}/none.git`)).exitCode, 128)
  server.close()
  await bash('plugn uninstall tool; plugn uninstall flat')
  assert.deepEqual(
    (await readdir(available)).filter((name) => ['none', 'half'].includes(name)),
    [],
  )
})

test('update goes to what the source has now, or to a committish and stays there', async () => {
  const source = await repository('moving')
  await bash(`plugn install ${source}`)
  assert.deepEqual(outcome(await bash('plugn update moving v1')), [0, 'Plugin (moving) updated and pinned to v1\n'])
  assert.equal(await version('moving'), 'one')
  assert.deepEqual(outcome(await bash('plugn update moving')), [0, 'Plugin pinned to v1\n'])
  assert.deepEqual(outcome(await bash('plugn update moving main')), [0, 'Plugin (moving) updated and pinned to main\n'])
  assert.equal(await version('moving'), 'two')
})

test('update says on standard output what is not installed, or came from nowhere; on purpose: a bad committish is said and fails', async () => {
  assert.deepEqual(outcome(await bash('plugn update nowhere')), [1, 'Plugin (nowhere) not installed\n'])
  assert.deepEqual(outcome(await bash('plugn update by-hand')), [0, 'Plugin (by-hand) nobody knows where by-hand came from\n'])
  const { exitCode, stderr } = await bash('plugn update moving no-such-tag')
  assert.equal(exitCode, 1)
  assert.match(stderr, /has no branch, tag or commit "no-such-tag"/)
  assert.equal(await version('moving'), 'two')
})

test('on purpose: update --all updates each, and fails when one does', async () => {
  await writeFile(join(available, 'other', 'version'), 'mine')
  const { exitCode, stdout, stderr } = await bash('plugn update --all')
  assert.equal(exitCode, 1)
  assert.match(stdout, /^Plugin \(a\) updated$/m)
  assert.match(stderr, /files of other were changed by hand: version/)
  assert.equal(await version('other'), 'mine')
})

test('on purpose: git’s own settings of the caller are as before', async () => {
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('.gitconfig')),
    [],
  )
})

test('uninstall takes an enabled plugin away whole, and its settings stay', async () => {
  await bash('plugn enable a; plugn config set a key value')
  assert.deepEqual(await bash('plugn uninstall a'), { exitCode: 0, stdout: '', stderr: '' })
  assert.deepEqual([(await readdir(available)).includes('a'), await readdir(join(path, 'enabled'))], [false, []])
  assert.equal((await bash('plugn config get a key')).stdout, 'value\n')
})
