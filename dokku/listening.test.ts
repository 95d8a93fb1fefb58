import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listeners } from './listening.ts'

test('listeners reads the kernel’s table: only sockets that listen, without Docker’s resolver', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   1: 0B00007F:A1B2 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   2: 0200D50A:0050 0100D50A:C350 01 00000000:00000000 00:00000000 00000000     0
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000`
  assert.deepEqual(listeners(table), [
    { address: '127.0.0.1', port: 3000, uid: 0 },
    { address: '0.0.0.0', port: 8080, uid: 1000 },
  ])
})
