import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listedPorts } from './reach.ts'

test('listedPorts tries what listens on every address or on one that is reachable, and says whose it is', () => {
  const listening = [
    { address: '0.0.0.0', port: 80, uid: 0 },
    { address: '0.0.0.0', port: 80, uid: 0 },
    { address: '127.0.0.1', port: 631, uid: 0 },
    { address: '192.0.2.7', port: 5432, uid: 105 },
    { address: '0.0.0.0', port: 22, uid: 0 },
    { address: 'an IPv6 address', port: 53, uid: 0 },
  ]
  const published = new Map([
    [80, 'container dokku-nginx'],
    [3022, 'container dokku-ssh'],
  ])
  assert.deepEqual(listedPorts(listening, published, '10.213.0.1'), [
    { address: '10.213.0.1', port: 22, what: 'a process of the host, of root' },
    { address: '10.213.0.1', port: 80, what: 'container dokku-nginx' },
    { address: '10.213.0.1', port: 3022, what: 'container dokku-ssh' },
    { address: '192.0.2.7', port: 5432, what: 'a process of the host, of user id 105' },
  ])
})
