import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApp } from '../create.ts'
import { storeDockerOptions, withOptionsBy } from '../docker-options.ts'
import { stateOnly } from '../fixtures.ts'
import { checkHostPath } from './host-paths.ts'
import { mountOptions, mountsOf, parseMount } from './mounts.ts'

test('a mount names a volume, a folder of tutorials is one, and any other path is the host’s', () => {
  assert.deepEqual(parseMount('uploads:/app/uploads'), { source: 'uploads', target: '/app/uploads', options: '' })
  assert.deepEqual(parseMount('/var/lib/dokku/data/storage/shop/files/:/data/:ro'), {
    source: 'shop.files',
    target: '/data',
    options: 'ro',
  })
  assert.deepEqual(parseMount('/srv/files:/data:ro,nocopy'), { source: '/srv/files', target: '/data', options: 'ro,nocopy' })
})

test('what is no mount, or would hide what a container is made of, is refused', () => {
  for (const text of [
    '',
    'a',
    ':',
    'a:',
    ':/x',
    'a:b',
    'a:/b:c:d',
    'a:/x:Z',
    'a:/',
    'a:/proc',
    'a:/proc/sys',
    'a:/sys',
    'a:/dev',
    'a:/a/../b',
    '../a:/x',
    '/a/../..:/x',
    '/srv//x:/x',
    'a\n:/x',
    'a:/x\u0000',
    `${'a'.repeat(70)}:/x`,
    '/srv/$x:/x',
    '-a:/x',
    '/var/lib/dokku/data/storage/:/x',
    '/var/lib/dokku/data/storage/../x:/x',
  ])
    assert.throws(() => parseMount(text), { name: 'UserError' }, text)
})

test('a path that would open the host or dokku to an app is refused, and what is above one', () => {
  for (const path of [
    '/',
    '/var',
    '/var/run',
    '/var/run/docker.sock',
    '/run/docker.sock',
    '/etc',
    '/etc/passwd',
    '/var/lib',
    '/var/lib/docker/volumes',
    '/var/lib/dokku',
    '/proc/1',
    '/root/.ssh',
    '/dev/sda',
  ])
    assert.throws(() => checkHostPath(path), { code: 'mount-refused' }, path)
  for (const path of ['/srv/files', '/home/ada/data', '/mnt', '/var/www', '/data', '/opt/x', '/etcetera']) checkHostPath(path)
})

test('the mounts of an app are read from its options as they were written', async () => {
  const app = await createApp(stateOnly({ DOKKU_NAME: 'mine' }), 'shop')
  const all = ['uploads:/app/uploads', '/srv/my files:/files:ro'].map(parseMount)
  storeDockerOptions(
    app,
    withOptionsBy(
      app,
      'storage',
      all.flatMap((one) => mountOptions(app, one)),
    ),
  )
  assert.deepEqual(mountsOf(app), all)
})
