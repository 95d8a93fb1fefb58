import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { client, running, scratch } from './fixture.ts'
import { listen } from './listen.ts'

test('the client waits for a daemon that is not there yet, and says so after a while', async (t) => {
  const directory = await scratch(t)
  const DOKKU_SOCKET = join(directory, 'sock')
  const one = running(t, [client], { DOKKU_SOCKET })
  await one.complains('waiting for dokku to come back\n')
  const server = await listen(DOKKU_SOCKET, { mode: 0o600 }, (session) => session.exit(3))
  t.after(() => server.close())
  assert.equal(await one.status(), 3)
  assert.equal(one.errors(), 'waiting for dokku to come back\n')
})

test('the client says that a daemon which was told to stop has something to finish', async (t) => {
  const directory = await scratch(t)
  const DOKKU_SOCKET = join(directory, 'sock')
  await (await listen(DOKKU_SOCKET, { mode: 0o600 }, (session) => session.exit(2))).drain()
  const one = running(t, [client], { DOKKU_SOCKET })
  await one.complains('waiting for dokku to come back: it finishes what it is at\n')
  const server = await listen(DOKKU_SOCKET, { mode: 0o600 }, (session) => session.exit(3))
  t.after(() => server.close())
  assert.equal(await one.status(), 3)
  assert.deepEqual(await readdir(directory), ['sock'])
})
