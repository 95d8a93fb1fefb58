import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hostName } from './host-name.ts'
import { siteName } from './name.ts'
import { site, upstream } from './site.ts'

const refuses = (schema: { safeParse(value: unknown): { success: boolean } }, values: readonly unknown[]) => {
  for (const value of values) assert.equal(schema.safeParse(value).success, false, JSON.stringify(value))
}

test('a site name is lower case letters, digits, dots and hyphens', () => {
  for (const name of ['a', 'node-js-app', 'a.b', '0']) assert.equal(siteName.parse(name), name)
})

test('a site name that nginx, Lua or a file of lines could read otherwise is refused', () => {
  refuses(siteName, [
    '',
    'A',
    '-a',
    '.a',
    '../a',
    'a/b',
    'a b',
    'a;b',
    'a}',
    'a{',
    'a\n',
    'a\nb 10.0.0.1:1',
    'a"',
    "a'",
    'a$b',
    'a#',
    '=loaded',
    'é',
    'a'.repeat(101),
    1,
  ])
})

test('the socket of a site is an absolute path that nginx cannot read otherwise', () => {
  const withSocket = (socket: unknown) => ({ name: 'a', hosts: [], socket })
  assert.equal(site.parse(withSocket('/run/dokku/appliance/door.sock')).socket, '/run/dokku/appliance/door.sock')
  refuses(
    site,
    ['', 'door.sock', '/run/a b', '/run/a;', '/run/a:/b', '/run/../etc/x', '/run/$a', '/run/a\n', `/${'a'.repeat(91)}`, 1].map(withSocket),
  )
})

test('a host name is stored in lower case, without a final dot, IDN as punycode', () => {
  assert.equal(hostName.parse('App.Example.COM'), 'app.example.com')
  assert.equal(hostName.parse('app.example.com.'), 'app.example.com')
  assert.equal(hostName.parse('Bücher.example'), 'xn--bcher-kva.example')
  assert.equal(hostName.parse('*.bücher.example'), '*.xn--bcher-kva.example')
  assert.equal(hostName.parse('localhost'), 'localhost')
  assert.equal(hostName.parse('192.168.1.7'), '192.168.1.7')
})

test('a host name with a wildcard anywhere but as its whole first label is refused', () => {
  assert.equal(hostName.parse('*.example.com'), '*.example.com')
  refuses(hostName, ['*', '*.', '**.example.com', 'a*.example.com', 'a.*.example.com', 'example.*', '~^(.*)$', '.example.com'])
})

test('a host name that could end the directive or say something else is refused', () => {
  refuses(hostName, [
    '',
    '_',
    'a b',
    'a;',
    'a;b',
    'a{',
    'a}',
    'a\n',
    'a\nb',
    'a\tb',
    'a"b',
    "a'b",
    'a\\b',
    'a$host',
    'a#b',
    'a/b',
    'a:80',
    'a@b',
    'a%62',
    'a%2eb',
    '[::1]',
  ])
  refuses(hostName, ['-a.example', 'a-.example', 'a..b', 'a'.repeat(64), `${'a.'.repeat(127)}ab`, 'a\u0000', 'a\u200bb c'])
})

test('no host name that passes has a character beyond letters, digits, dots, hyphens and a wildcard', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
      const parsed = hostName.safeParse(text)
      if (parsed.success) assert.match(parsed.data, /^(\*\.)?[a-z0-9.-]+$/)
    }),
    { numRuns: 2000 },
  )
})

test('a site may not have what it does not know', () => {
  refuses(site, [
    { name: 'a', hosts: ['a'], include: '/etc/passwd' },
    { name: 'a', hosts: ['a'], options: { raw: 'x' } },
    { name: 'a', hosts: 'a' },
    { name: 'a' },
  ])
})

test('a body size is a number of bytes with a unit', () => {
  const parse = (maxBodySize: string) => site.safeParse({ name: 'a', hosts: [], options: { maxBodySize } })
  for (const size of ['0', '1m', '20M', '512k', '1048576', '2g']) assert.equal(parse(size).success, true, size)
  for (const size of ['', 'm', '-1', '1.5m', '1m;', '1m\n', '1 m', '1t', '9'.repeat(13)]) assert.equal(parse(size).success, false, size)
})

test('a host named twice counts once', () => {
  assert.deepEqual(site.parse({ name: 'a', hosts: ['a.test', 'A.test', 'a.test.'] }).hosts, ['a.test'])
})

test('an upstream is an IP address and a port', () => {
  for (const address of ['10.0.0.2', 'fd00::2', '::1']) assert.equal(upstream.parse({ address, port: 5000 }).address, address)
  refuses(upstream, [
    { address: 'example.com', port: 80 },
    { address: '10.0.0.2 10.0.0.3', port: 80 },
    { address: '10.0.0.2\n', port: 80 },
    { address: 'fe80::1%eth0', port: 80 },
    { address: '10.0.0.2', port: 0 },
    { address: '10.0.0.2', port: 65536 },
    { address: '10.0.0.2', port: '80' },
    { address: 'unix:/var/run/docker.sock', port: 80 },
  ])
})
