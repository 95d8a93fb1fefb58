import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { parsePublicKey } from '#lib/public-key.ts'
import { quoteWords } from '#lib/words.ts'
import { dir, freePort, prepare, sshTo, startFront } from '../front-fixture.ts'
import { fresh, sshcommand, user } from './fixture.ts'

const auth = quoteWords([process.execPath, join(import.meta.dirname, '../sshcommand.ts'), 'auth'])

test('execd lets in whom sshcommand lets in, by name, until the key is removed', async () => {
  const { publicKey } = await prepare()
  await fresh()
  const port = await freePort()
  const server = await startFront(['--users', user, auth, `${dir}/exec`], { port })
  const call = (key: string, ...words: string[]) => sshTo(port, words, { user, key })
  const refused = async () => assert.match((await call('alice', 'x')).stderr, /Permission denied \(publickey\)/)
  await refused()
  await sshcommand(['acl-add', user, 'alice b'], { input: publicKey })
  const { fingerprint } = parsePublicKey(publicKey)
  const variables = await call('alice', 'run /usr/bin/env')
  assert.deepEqual(
    variables.stdout
      .split('\n')
      .filter((line) => /^(NAME|FINGERPRINT|USER)=/.test(line))
      .toSorted(),
    [`FINGERPRINT=${fingerprint}`, 'NAME=alice b', `USER=${user}`],
  )
  assert.equal((await call('alice', "'two words' *")).stdout, '<two words><*>\n')
  assert.match((await call('stranger', 'x')).stderr, /Permission denied/)
  await sshcommand(['acl-remove', user, 'alice b'])
  await refused()
  await sshcommand(['acl-add', user, 'alice'], { input: publicKey, env: { SSHCOMMAND_ALLOWED_KEYS: 'from="10.0.0.1"' } })
  await refused()
  server.started.kill('SIGTERM')
  assert.equal(await server.status(), 0)
})
