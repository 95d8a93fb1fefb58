import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { git } from '#lib/git.ts'
import { installPlugin, updatePlugin } from './install.ts'
import { store } from './store.ts'

const folder = await mkdtemp(join(tmpdir(), 'submodules-'))
after(() => rm(folder, { recursive: true }))
const as = ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'protocol.file.allow=always']

async function commit(name: string, files: Record<string, string>): Promise<string> {
  const dir = join(folder, name)
  await mkdir(dir, { recursive: true })
  await git(['init', '--quiet', '--initial-branch', 'main', dir])
  for (const [path, text] of Object.entries(files)) await writeFile(join(dir, path), text)
  await git(['-C', dir, 'add', '.'])
  await git(['-C', dir, ...as, 'commit', '--quiet', '--message', 'next'])
  return dir
}

const library = await commit('library', { functions: 'one' })
const plugin = await commit('plugin', { 'plugin.toml': '[plugin]\n' })
await git(['-C', plugin, ...as, 'submodule', '--quiet', 'add', library, 'lib'])
await git(['-C', plugin, ...as, 'commit', '--quiet', '--message', 'with its library'])

test('the submodules of a plugin come along, at the commits that it names, and with an update', async () => {
  const here = store(join(folder, 'store'))
  const functions = () => readFile(join(here.available, 'plugin/lib/functions'), 'utf8')
  await commit('library', { functions: 'two' })
  await installPlugin(here, plugin)
  assert.equal(await functions(), 'one')
  await git(['-C', join(plugin, 'lib'), ...as, 'pull', '--quiet', 'origin', 'main'])
  await git(['-C', plugin, ...as, 'commit', '--quiet', '--all', '--message', 'the newer library'])
  await updatePlugin(here, 'plugin')
  assert.equal(await functions(), 'two')
})

test('a plugin from elsewhere gets no repository of this machine as a submodule, and what fails leaves nothing', async () => {
  const bare = join(folder, 'plugin.git')
  await git(['clone', '--quiet', '--bare', plugin, bare])
  await git(['-C', bare, 'update-server-info'])
  const server = createServer(({ url = '' }, response) => {
    const path = new URL(url, 'http://x').pathname
    readFile(join(folder, path)).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    )
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const here = store(join(folder, 'empty'))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/plugin.git`
  await assert.rejects(installPlugin(here, url), { code: 'fetch-failed', message: /a submodule of .* could not be fetched/ })
  assert.deepEqual(await here.list(), [])
  server.close()
})
