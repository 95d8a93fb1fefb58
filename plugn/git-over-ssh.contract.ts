import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { run, signalGroup, start } from '#lib/exec.ts'
import { git } from '#lib/git.ts'
import { installPlugin, updatePlugin } from './install.ts'
import { store } from './store.ts'

const folder = await mkdtemp(join(tmpdir(), 'over-ssh-'))
const key = async (name: string) => {
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)])
  return join(folder, name)
}
const [host, known, stranger] = [await key('host'), await key('known'), await key('stranger')]
const port = await new Promise<number>((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address() as { port: number }
    server.close(() => resolve(port))
  })
})
await mkdir('/run/sshd', { recursive: true })
const options = {
  ListenAddress: `127.0.0.1:${port}`,
  AuthorizedKeysFile: `${known}.pub`,
  StrictModes: 'no',
  PermitRootLogin: 'prohibit-password',
  PidFile: 'none',
}
const words = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])
const sshd = start(['/usr/sbin/sshd', '-D', '-e', '-f', '/dev/null', '-h', host, ...words])
after(async () => {
  signalGroup(sshd, 'SIGTERM')
  await sshd
  await rm(folder, { recursive: true })
})
await new Promise<void>((resolve) => sshd.stderr.on('data', (text) => (String(text).includes('listening') ? resolve() : undefined)))

/** git's way to the server with a key, as GIT_SSH_COMMAND says it. */
const withKey = (identity: string) => ({
  GIT_SSH_COMMAND: `ssh -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i ${identity}`,
})

test('a private repository is installed and updated over ssh with the key that is given for it, and with no other', async () => {
  const source = join(folder, 'private')
  await git(['init', '--quiet', '--initial-branch', 'main', source])
  const commit = async (version: string) => {
    await writeFile(join(source, 'plugin.toml'), `[plugin]\nversion = "${version}"\n`)
    await git(['-C', source, 'add', '.'])
    await git(['-C', source, '-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '--message', version])
  }
  await commit('1.0.0')
  const here = store(join(folder, 'store'))
  const url = `ssh://root@127.0.0.1:${port}${source}`
  await assert.rejects(installPlugin(here, url, { git: withKey(stranger) }), { code: 'fetch-failed' })
  assert.deepEqual(await here.list(), [])
  assert.notEqual(await installPlugin(here, url, { git: withKey(known) }), 'already')
  await commit('2.0.0')
  assert.equal((await updatePlugin(here, 'private', { git: withKey(known) })).manifest.version, '2.0.0')
  assert.match(await readFile(join(here.available, 'private/plugin.toml'), 'utf8'), /2\.0\.0/)
})
