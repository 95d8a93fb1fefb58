import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { newSealKey } from '#lib/seal.ts'
import { maybeApp } from '../app.ts'
import { restoreCertificate } from '../certificates.ts'
import { backUp } from '../copies.ts'
import { storeDockerOptions } from '../docker-options.ts'
import { stateOnly } from '../fixtures.ts'
import { storeCredentials } from '../git-hosts.ts'
import { storeGlobalConfig } from '../global-config.ts'
import { globalProperties } from '../global-properties.ts'
import { storeLogin } from '../registry.ts'
import { commitRelease, currentRelease } from '../release.ts'
import { openState } from '../state.ts'
import { forgetOlderKeys, rotateKey, secretsState } from './rotate.ts'

const secret = 'hunter2-and-more'

/** A state on a disk, with a secret wherever one may be; `dir` is its volume. */
async function full(t: TestContext, env: NodeJS.ProcessEnv = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'sealing-'))
  t.after(() => rm(dir, { recursive: true }))
  const state = await openState(dir, 'RESTORE', env)
  const { db } = state
  const instance = stateOnly({}, { ...state, properties: globalProperties(db) })
  db.run("INSERT INTO apps (name, created_at) VALUES ('shop', '')")
  const app = maybeApp(instance, 'shop') ?? assert.fail()
  app.config.set({ KEY: secret })
  app.properties.set('webhooks webhook', secret)
  app.properties.set('http-auth front', secret)
  storeDockerOptions(app, [{ phase: 'deploy', process: '', option: `--env KEY=${secret}` }])
  storeLogin(db, app, 'registry.example.com', { username: 'u', password: secret })
  storeLogin(db, undefined, 'registry.example.com', { username: 'u', password: secret })
  storeCredentials(db, 'git.example.com', { user: 'u', password: secret })
  storeGlobalConfig(instance, { KEY: secret })
  instance.properties.set('letsencrypt account https://acme.example.com', JSON.stringify({ key: secret }))
  const times = { notAfter: '', storedAt: '' }
  for (const owner of [app, instance]) restoreCertificate(owner, { chain: '', key: secret, origin: 'imported', ...times })
  const option = { phase: 'deploy' as const, process: '', option: `--env KEY=${secret}` }
  const manifest = { processes: {}, formation: {}, healthchecks: {} } as never
  const rest = { revision: null, description: '', createdBy: '', createdAt: '' }
  commitRelease(app, {
    version: 1,
    image: '',
    config: { KEY: secret },
    formation: {},
    manifest,
    options: [option],
    args: [option],
    ...rest,
  })
  const values = () => [
    app.config.all().KEY,
    app.properties.get('webhooks webhook'),
    instance.properties.get('config global'),
    currentRelease(app)?.config.KEY,
    currentRelease(app)?.args[0]?.option,
  ]
  const expected = [secret, secret, JSON.stringify({ KEY: secret }), secret, `--env KEY=${secret}`]
  return { dir, state, instance, readable: () => assert.deepEqual(values(), expected) }
}

/** The files of a volume in which the secret can be read. */
async function leaks(dir: string): Promise<string[]> {
  const names = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((one) => one.isFile())
  const found = await Promise.all(
    names.map(async ({ parentPath, name }) => (await readFile(join(parentPath, name))).includes(secret) && name),
  )
  return found.filter((name) => name !== false)
}

test('no secret of an instance can be read in a file of its volume', async (t) => {
  const { dir, readable, state } = await full(t)
  readable()
  assert.deepEqual(await leaks(dir), [])
  state.db.close()
  assert.deepEqual(await leaks(dir), [])
})

test('a database opens again with the key that lies beside it, and with no other', async (t) => {
  const { dir, state } = await full(t)
  state.db.close()
  ;(await openState(dir, '', {})).db.close()
  const [name = ''] = await readdir(join(dir, 'secrets'))
  const kept = await readFile(join(dir, 'secrets', name))
  await rm(join(dir, 'secrets', name))
  const refused = { code: 'no-seal-key', message: new RegExp(name.replace('.key', '')) }
  await assert.rejects(openState(dir, '', {}), refused)
  await assert.rejects(openState(dir, '', { DOKKU_SECRETS_KEY: newSealKey().bytes.toString('base64') }), refused)
  await writeFile(join(dir, 'secrets', name), 'no key')
  await assert.rejects(openState(dir, '', {}), { code: 'bad-seal-key' })
  await writeFile(join(dir, 'secrets', name), kept)
  ;(await openState(dir, '', {})).db.close()
})

test('rotateKey seals everything anew; older keys stay for older copies until they are forgotten', async (t) => {
  const { dir, state, instance, readable } = await full(t)
  const { key: first } = secretsState(instance)
  await backUp(state.db.path)
  await rotateKey(instance)
  readable()
  const { key: second, older } = secretsState(instance)
  assert.notEqual(second, first)
  assert.deepEqual(older, [first])
  assert.equal((await readFile(state.db.path)).includes(`sealed:${first}:`), false)
  await forgetOlderKeys(instance)
  assert.deepEqual(await readdir(join(dir, 'secrets')), [`${second}.key`])
  assert.deepEqual(await leaks(dir), [])
  state.db.close()
  const again = await openState(dir, '', {})
  assert.equal(again.sealing.current?.id, second)
  again.db.close()
})

test('a key that is handed in takes over, is written nowhere, and can be replaced by another', async (t) => {
  const { dir, state, instance } = await full(t)
  state.db.close()
  const [one, two] = [newSealKey(), newSealKey()]
  const base64 = (key: typeof one) => key.bytes.toString('base64')
  const given = await openState(dir, '', { DOKKU_SECRETS_KEY: base64(one) })
  assert.equal(given.sealing.current?.id, one.id)
  await assert.rejects(rotateKey({ ...instance, ...given }), { code: 'key-given' })
  given.db.close()
  await assert.rejects(openState(dir, '', {}), { code: 'no-seal-key' })
  const file = join(dir, 'handed-in')
  await writeFile(file, `${two.bytes.toString('hex')}\n`)
  const replaced = await openState(dir, '', { DOKKU_SECRETS_KEY_FILE: file, DOKKU_SECRETS_KEY_OLD: base64(one) })
  assert.equal(replaced.sealing.current?.id, two.id)
  replaced.db.close()
  assert.equal(
    (await readdir(join(dir, 'secrets'))).some((name) => name.startsWith(one.id) || name.startsWith(two.id)),
    false,
  )
  for (const env of [{ DOKKU_SECRETS_KEY: 'short' }, { DOKKU_SECRETS_KEY_FILE: join(dir, 'nothing') }, { DOKKU_SECRETS_KEY_OLD: 'short' }])
    await assert.rejects(openState(dir, '', env), { code: 'bad-setting', message: new RegExp(Object.keys(env)[0] ?? '') })
})
