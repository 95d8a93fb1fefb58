import assert from 'node:assert/strict'
import { test } from 'node:test'
import { local, own } from './credentials.ts'
import { pluginEnvironment } from './plugin-environment.ts'

const alice = { ...own('alice', 'deployer'), fingerprint: 'SHA256:abc' }
const around = { dataDir: '/var/lib/dokku', mountpoint: '/var/lib/docker/volumes/dokku/_data' }

test('pluginEnvironment names every path that plugins look for', () => {
  const env = pluginEnvironment(around)
  const wanted = {
    PLUGIN_PATH: '/var/lib/dokku/plugins',
    PLUGIN_AVAILABLE_PATH: '/var/lib/dokku/plugins/available',
    PLUGIN_ENABLED_PATH: '/var/lib/dokku/plugins/enabled',
    PLUGIN_CORE_PATH: '/var/lib/dokku/core-plugins',
    PLUGIN_CORE_AVAILABLE_PATH: '/var/lib/dokku/core-plugins/available',
    PLUGIN_CORE_ENABLED_PATH: '/var/lib/dokku/core-plugins/enabled',
    DOKKU_ROOT: '/home/dokku',
    DOKKU_LIB_ROOT: '/var/lib/dokku',
    DOKKU_API_VERSION: '1',
    DOKKU_NOT_IMPLEMENTED_EXIT: '10',
    DOCKER_BIN: 'docker',
  }
  for (const [name, value] of Object.entries(wanted)) assert.equal(env[name], value, name)
})

test('pluginEnvironment names the folders of the volume as the engine’s host knows them', () => {
  const env = pluginEnvironment(around)
  assert.equal(env.DOKKU_LIB_HOST_ROOT, around.mountpoint)
  assert.equal(env.DOKKU_HOST_ROOT, `${around.mountpoint}/home`)
})

test('pluginEnvironment says who calls, and with which flags', () => {
  const env = pluginEnvironment(around, alice, { app: 'shop', force: true, quiet: true, terminal: true })
  assert.equal(env.SSH_USER, 'dokku')
  assert.equal(env.SSH_NAME, 'alice')
  assert.equal(env.FINGERPRINT, 'SHA256:abc')
  assert.equal(env.DOKKU_APP_NAME, 'shop')
  assert.equal(env.DOKKU_APPS_FORCE_DELETE, '1')
  assert.equal(env.DOKKU_QUIET_OUTPUT, '1')
  assert.equal(env.DOKKU_GLOBAL_FLAGS, '--quiet --force --app shop')
})

test('pluginEnvironment leaves out what was not typed', () => {
  const env = pluginEnvironment(around, local, { terminal: true })
  for (const name of ['DOKKU_QUIET_OUTPUT', 'DOKKU_TRACE', 'DOKKU_APP_NAME', 'DOKKU_APPS_FORCE_DELETE', 'DOKKU_NO_COLOR'])
    assert.ok(!(name in env), name)
})

test('pluginEnvironment is quiet and plain where nobody is at a terminal', () => {
  for (const env of [pluginEnvironment(around), pluginEnvironment(around, alice)]) {
    assert.equal(env.DOKKU_QUIET_OUTPUT, '1')
    assert.equal(env.DOKKU_NO_COLOR, '1')
    assert.equal(env.TERM, 'dumb')
  }
})
