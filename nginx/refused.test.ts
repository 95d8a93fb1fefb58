import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedHost } from './conflict.ts'
import { words } from './process.ts'
import { parseSites } from './refused.ts'
import { wantedSite } from './site.ts'

test('a site that does not parse is reported and leaves the others', () => {
  const { sites, refused } = parseSites(wantedSite, [
    { name: 'a', hosts: ['a.test'] },
    { name: 'b', hosts: ['b;test'] },
    7,
    { name: 'c', hosts: [] },
  ])
  assert.deepEqual(
    sites.map(({ name }) => name),
    ['a', 'c'],
  )
  assert.deepEqual(
    refused.map(({ name }) => name),
    ['b', 'site 3'],
  )
  assert.equal(refused[0]?.reason, 'hosts.0: "b;test" is not a host name')
})

test('a host belongs to one site', () => {
  assert.equal(
    sharedHost([
      { name: 'a', hosts: ['x.test'] },
      { name: 'b', hosts: ['y.test', 'x.test'] },
    ]),
    'x.test belongs to a',
  )
  assert.equal(
    sharedHost([
      { name: 'a', hosts: ['x.test'] },
      { name: 'b', hosts: ['*.test'] },
    ]),
    undefined,
  )
})

test("nginx's words are told without the time, the process and the name of a file", () => {
  assert.equal(
    words(
      'nginx: [emerg] "client_max_body_size" directive invalid value in /tmp/nginx.conf:12\nnginx: configuration file /tmp/nginx.conf test failed\n',
    ),
    '"client_max_body_size" directive invalid value',
  )
  assert.equal(
    words('2026/01/02 03:04:05 [emerg] 7#7: bind() to 0.0.0.0:80 failed (98: Address in use)\n'),
    'bind() to 0.0.0.0:80 failed (98: Address in use)',
  )
  assert.equal(words('nginx: not found\n'), 'nginx: not found')
  assert.equal(words(''), 'nginx gave no reason')
})
