import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { applianceLibrary, roleOptions } from './roles.ts'
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
  const published = roleOptions(settings, 'sha256:x', 'published').appliance
  assert.equal(published.HostConfig?.NetworkMode, undefined)
  assert.deepEqual(published.HostConfig?.PortBindings, { '80/tcp': [{ HostPort: '8080' }], '443/tcp': [{ HostPort: '443' }] })
})

test('the revision of the appliance covers every file of the library that it imports', async () => {
  const dir = join(import.meta.dirname, '..', 'nginx')
  const files = (await readdir(dir)).filter((name) => name.endsWith('.ts') && !/\.(test|contract)\.ts$|fixture/.test(name))
  const sources = await Promise.all(files.map((name) => readFile(join(dir, name), 'utf8')))
  const imported = sources.flatMap((source) => [...source.matchAll(/^import .*'#(lib\/[\w-]+\.ts)'/gm)].map(([, path]) => path))
  assert.deepEqual(
    [...new Set(imported)].sort(),
    applianceLibrary.map((path) => path.slice(-path.split('/').slice(-2).join('/').length)).sort(),
  )
})
