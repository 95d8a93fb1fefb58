import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { answering } from './answering.ts'

test('answering names the targets that take a connection, and no other', async () => {
  const open = createServer().listen(0, '127.0.0.1')
  const closed = createServer().listen(0, '127.0.0.1')
  await Promise.all([once(open, 'listening'), once(closed, 'listening')])
  const [here, gone] = [open, closed].map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`)
  closed.close()
  await once(closed, 'close')
  assert.deepEqual(await answering([gone ?? '', here ?? '']), [here])
  open.close()
})
