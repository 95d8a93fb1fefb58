import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSettings } from './settings.ts'

test('readSettings has a default for everything', () => {
  const settings = readSettings({})
  assert.deepEqual(
    [settings.name, settings.hostname, settings.sshPort, settings.httpPort, settings.httpsPort, settings.network],
    ['dokku', 'localhost', 3022, 80, 443, undefined],
  )
  assert.equal(settings.appMemory, undefined)
  assert.equal(readSettings({ DOKKU_APP_MEMORY: '512m' }).appMemory, 512 * 2 ** 20)
  assert.equal(readSettings({ DOKKU_APP_MEMORY: '0' }).appMemory, 0)
  assert.equal(settings.buildMemory, 2 * 2 ** 30)
  assert.equal(settings.buildCache, 10 * 2 ** 30)
  assert.equal(readSettings({ DOKKU_BUILD_CACHE: '0' }).buildCache, 0)
})

test('readSettings refuses what could not work, naming the variable', () => {
  const refused: Record<string, string>[] = [
    { DOKKU_NAME: 'Has Blanks' },
    { DOKKU_NAME: '-x' },
    { DOKKU_HOSTNAME: 'a b' },
    { DOKKU_HOSTNAME: 'x;y' },
    { DOKKU_SSH_PORT: '0' },
    { DOKKU_HTTP_PORT: '70000' },
    { DOKKU_HTTPS_PORT: 'https' },
    { DOKKU_NETWORK: 'bridge' },
    { DOKKU_BUILD_CPUS: '-1' },
    { DOKKU_APP_MEMORY: '1m' },
  ]
  for (const env of refused) {
    const [key = ''] = Object.keys(env)
    assert.throws(() => readSettings(env), { code: 'bad-setting', message: new RegExp(`^${key}=`) })
  }
  assert.throws(() => readSettings({ DOKKU_BUILD_MEMORY: 'much' }), { code: 'bad-size' })
})

test('readSettings refuses one port for two purposes', () => {
  assert.throws(() => readSettings({ DOKKU_HTTP_PORT: '443' }), { code: 'bad-setting', message: /must differ/ })
})
