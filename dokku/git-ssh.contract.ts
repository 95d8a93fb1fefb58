import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { deployKey, makeDeployKey } from './git-ssh.ts'

const folder = await mkdtemp(join(tmpdir(), 'git-ssh-'))
after(() => rm(folder, { recursive: true }))
const files = { key: join(folder, '.ssh/id_ed25519'), oldKey: join(folder, '.ssh/id_rsa'), knownHosts: join(folder, '.ssh/known_hosts') }

test('a deploy key is made once, for its owner alone', async () => {
  await assert.rejects(deployKey(files), { code: 'no-deploy-key' })
  const key = await makeDeployKey('dokku@example.com', files)
  assert.match(key, /^ssh-ed25519 \S+ dokku@example\.com$/)
  assert.equal((await stat(files.key)).mode & 0o777, 0o600)
  await assert.rejects(makeDeployKey('again', files), { code: 'deploy-key-exists' })
  assert.equal(await deployKey(files), key)
})

test('the public half of a key that somebody put there is worked out', async () => {
  const key = await deployKey(files)
  await rm(`${files.key}.pub`)
  assert.equal((await deployKey(files)).split(' ')[1], key.split(' ')[1])
  assert.match(await readFile(files.key, 'utf8'), /PRIVATE KEY/)
})
