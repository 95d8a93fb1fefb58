import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isPublic, parseAllowed, parseRemote, reach } from './fetch-guard.ts'

test('parseRemote reads the URLs that git takes, and keeps credentials apart', () => {
  assert.deepEqual(parseRemote('https://me:a%20secret@Example.com:8443/team/app.git'), {
    url: 'https://example.com:8443/team/app.git',
    scheme: 'https',
    host: 'example.com',
    port: 8443,
    credentials: { user: 'me', password: 'a secret' },
  })
  assert.deepEqual(parseRemote('git@github.com:team/app.git'), {
    url: 'git@github.com:team/app.git',
    scheme: 'ssh',
    host: 'github.com',
    port: 22,
    credentials: { user: 'git', password: '' },
  })
  assert.equal(parseRemote('ssh://git@[2001:db8::1]:2222/app').host, '2001:db8::1')
  assert.equal(parseRemote('git://example.com/app').port, 9418)
})

test('parseRemote refuses what is an option, a program, a file or another scheme', () => {
  for (const text of [
    '--upload-pack=touch x',
    '-oProxyCommand=x',
    'ext::sh -c touch% x',
    'ext::sh',
    'file:///etc',
    '/etc',
    '../x',
    'ftp://example.com/x',
    'https://',
    'https://-x/y',
    'ssh://-oProxyCommand=x/y',
    '-x@host:y',
    'host:-x',
    'host://x',
    'user@-host:x',
    'https://a b/',
    'https://a/\nb',
    'https://a\\@b/',
    'http://[::1',
    '',
  ])
    assert.throws(() => parseRemote(text), { code: 'bad-remote' }, text)
  assert.throws(() => parseRemote('ssh://a/b', ['https', 'http']), { code: 'bad-remote' })
})

test('parseRemote shows no password of what it refuses', () => {
  assert.throws(
    () => parseRemote('ftp://me:hidden@example.com'),
    (error: Error) => !error.message.includes('hidden'),
  )
})

test('parseRemote reads every way to spell an address as that address', () => {
  for (const text of ['http://2130706433/', 'http://0x7f.1/', 'http://0177.0.0.1/', 'http://127.1/', 'http://127.0.0.1./'])
    assert.equal(parseRemote(text).host, '127.0.0.1', text)
})

test('isPublic knows addresses of this machine, of private networks and of the metadata service', () => {
  for (const address of [
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.8.8.8', '169.254.169.254', '172.31.0.1', '192.168.1.1', '198.18.0.1', '224.0.0.1'],
    ...['255.255.255.255', '::', '::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '64:ff9b::a00:1', 'fe80::1', 'fd00::1', 'ff02::1'],
    ...['2002:7f00:1::', '2001:0:1::', 'example.com', ''],
  ])
    assert.equal(isPublic(address), false, address)
  for (const address of ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111']) assert.equal(isPublic(address), true, address)
})

test('reach refuses a name that leads to a private address, whoever it names', async () => {
  for (const text of ['http://localhost/x', 'http://169.254.169.254/latest', 'ssh://root@127.0.0.1/x', 'git@2130706433:x', 'http://[::1]/'])
    await assert.rejects(reach(parseRemote(text)), { code: 'remote-refused' }, text)
})

test('reach answers the address to connect to, and takes what an admin allows', async () => {
  assert.equal((await reach(parseRemote('https://8.8.8.8/x'))).address, '8.8.8.8')
  assert.ok((await reach(parseRemote('http://localhost/x'), ['localhost'])).address)
  assert.equal((await reach(parseRemote('http://10.1.2.3/x'), ['10.1.0.0/16'])).address, '10.1.2.3')
  await assert.rejects(reach(parseRemote('http://10.2.2.3/x'), ['10.1.0.0/16']), { code: 'remote-refused' })
  await assert.rejects(reach(parseRemote('http://[::1]/x'), ['10.1.0.0/16']), { code: 'remote-refused' })
})

test('parseAllowed takes hosts, addresses and ranges', () => {
  for (const text of ['git.lan', '10.1.2.3', '10.1.0.0/16', 'fd00::/8', '::1']) assert.equal(parseAllowed(text), text)
  for (const text of ['', 'a b', 'git.lan/8', '10.0.0.0/33', '10.0.0.0/', '-x', 'http://git.lan'])
    assert.throws(() => parseAllowed(text), { code: 'bad-remote' }, text)
})

test('parseRemote gives a host without any character that means something to a shell or a config file', () => {
  void fc.assert(
    fc.property(fc.constantFrom('https://', 'ssh://', 'git://', 'git@'), fc.string(), fc.string(), (start, host, path) => {
      try {
        assert.match(parseRemote(`${start}${host}${start === 'git@' ? ':' : '/'}${path}`).host, /^[\w.:-]+$/)
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'bad-remote')
      }
    }),
  )
})
