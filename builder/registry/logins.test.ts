import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readLogins } from './logins.ts'

const dir = await mkdtemp(join(tmpdir(), 'builder-logins-'))
after(() => rm(dir, { recursive: true, force: true }))
const base64 = (text: string) => Buffer.from(text).toString('base64')

test('readLogins reads what docker login writes', async () => {
  const file = join(dir, 'config.json')
  const auths = {
    'https://index.docker.io/v1/': { auth: base64('me:pass:word') },
    'ghcr.io': { auth: base64('bot:token') },
    'http://127.0.0.1:5000': { auth: base64('a:b') },
    'kept.elsewhere': {},
  }
  await writeFile(file, JSON.stringify({ auths, credsStore: 'desktop' }))
  const logins = await readLogins(file)
  assert.deepEqual(logins('docker.io'), { username: 'me', password: 'pass:word' })
  assert.deepEqual(logins('ghcr.io'), { username: 'bot', password: 'token' })
  assert.deepEqual(logins('127.0.0.1:5000'), { username: 'a', password: 'b' })
  assert.equal(logins('kept.elsewhere'), undefined)
  assert.equal(logins('quay.io'), undefined)
})

test('readLogins takes no file for no logins, and says what is wrong with one that is none', async () => {
  assert.equal((await readLogins(join(dir, 'none')))('docker.io'), undefined)
  const file = join(dir, 'broken.json')
  for (const text of ['{', '[]', '{"auths": 1}']) {
    await writeFile(file, text)
    await assert.rejects(readLogins(file), { code: 'bad-logins' }, text)
  }
})
