import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { run } from '#lib/exec.ts'
import { commandsPath } from './harness.ts'

// A project that has nothing to do with Dokku: twenty lines of Bash, and what they do is in its plugins.
const folder = await mkdtemp(join(tmpdir(), 'notifier-'))
after(() => rm(folder, { recursive: true }))
const project = join(folder, 'notifier')
await cp(join(import.meta.dirname, 'notifier'), project, { recursive: true })
const env = { PATH: await commandsPath(folder), HOME: folder }

const bash = (script: string) => run(['bash', '-c', script], { cwd: project, env, allow: [1, 121, 122] })

test('its plugins are in its own folder, and are enabled one by one', async () => {
  await bash('plugn init; for one in mail chat stamp log; do plugn enable "$one"; done')
  assert.match((await bash('plugn list')).stdout, /^ {2}chat {17}1\.0\.0 enabled {4}writes into a chat room$/m)
})

test('a message goes through the filters to the channel that knows the address, and all hear of it', async () => {
  await bash('plugn config set stamp host "build 7"')
  assert.equal((await bash("./notify ada@example.com 'it is live'")).stdout, 'mail to ada@example.com: build 7: it is live\n')
  assert.equal((await bash("CHAT_NICK=crow ./notify '#ops' 'it is live'")).stdout, 'chat in #ops as crow: build 7: it is live\n')
  assert.equal(await readFile(join(project, 'sent.log'), 'utf8'), 'ada@example.com build 7: it is live\n#ops build 7: it is live\n')
})

test('which channel is used may be set, and what nobody can send is said', async () => {
  assert.match((await bash('PLUGN_DRIVER_SEND=chat ./notify ada@example.com hi')).stdout, /^chat in ada@example\.com/)
  const nobody = await bash('./notify nobody hi')
  assert.deepEqual([nobody.exitCode, nobody.stderr], [1, ' !     Unable to select a plugin for send\n'])
  assert.equal((await bash('plugn config set drivers send pigeon; ./notify nobody hi')).exitCode, 121)
  assert.equal((await bash('plugn config set drivers send mail; plugn disable mail; ./notify nobody hi')).exitCode, 122)
})
