import assert from 'node:assert/strict'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { roleOptions, rolePrograms } from './roles.ts'
import { readSettings } from './settings.ts'

const settings = readSettings({ DOKKU_NAME: 'mine', DOKKU_HTTP_PORT: '8080', DOKKU_SSH_PORT: '2200' })

test('the gateway has no capability, no user of its own choice, no writable root and no Docker socket', () => {
  const { gateway } = roleOptions(settings, 'sha256:x', 'host')
  assert.deepEqual(gateway.HostConfig?.CapDrop, ['ALL'])
  assert.equal(gateway.HostConfig?.CapAdd, undefined)
  assert.equal(gateway.HostConfig?.ReadonlyRootfs, true)
  assert.equal(gateway.User, '12345:22022')
  assert.deepEqual(gateway.HostConfig?.Binds, ['mine-gateway:/run/dokku/gateway:ro', 'mine-ssh:/var/lib/execd'])
  assert.deepEqual(gateway.HostConfig?.PortBindings, { '2222/tcp': [{ HostPort: '2200' }] })
})

test('the appliance listens on the host’s network, or publishes the same ports', () => {
  const host = roleOptions(settings, 'sha256:x', 'host').appliance
  assert.equal(host.HostConfig?.NetworkMode, 'host')
  assert.deepEqual(host.Env, ['APPLIANCE_HTTP_PORT=8080', 'APPLIANCE_HTTPS_PORT=443'])
  const behind = readSettings({ DOKKU_PROXY_PROTOCOL: 'on' })
  for (const network of ['host', 'published'] as const)
    assert.ok(roleOptions(behind, 'sha256:x', network).appliance.Env?.includes('APPLIANCE_PROXY_PROTOCOL=on'))
  assert.throws(() => readSettings({ DOKKU_PROXY_PROTOCOL: 'maybe' }), { code: 'bad-setting' })
  const published = roleOptions(settings, 'sha256:x', 'published').appliance
  assert.equal(published.HostConfig?.NetworkMode, undefined)
  assert.deepEqual(published.HostConfig?.PortBindings, { '80/tcp': [{ HostPort: '8080' }], '443/tcp': [{ HostPort: '443' }] })
})

test('the revision of a role covers what it runs, and nothing that only control or a test runs', async () => {
  const root = join(import.meta.dirname, '..')
  const files = async (role: keyof typeof rolePrograms) => (await rolePrograms[role]()).map((path) => relative(root, path))
  const appliance = await files('appliance')
  for (const path of ['nginx/main.ts', 'nginx/api.ts', 'nginx/probe.ts', 'nginx/lua/balance.lua', 'lib/exec.ts', 'lib/files.ts'])
    assert.ok(appliance.includes(path), path)
  assert.deepEqual(
    appliance.filter((path) => /client|harness|contract|test|golden/.test(path)),
    [],
  )
  const gateway = await files('gateway')
  assert.deepEqual(
    gateway.filter((path) => path.startsWith('execd/')),
    ['execd/gateway.ts', 'execd/sshd.ts'],
  )
  assert.ok(gateway.some((path) => path.endsWith('bin/dokku')))
})
