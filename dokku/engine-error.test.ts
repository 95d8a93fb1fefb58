import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import Docker from 'dockerode'
import { UserError } from '#lib/errors.ts'
import { engineAway } from './engine-error.ts'

const codeOf = (error: unknown) => {
  const said = engineAway(error)
  return said instanceof UserError ? said.code : undefined
}

test('engineAway knows an engine that refuses connections, is not there, or hangs up', async () => {
  const socketPath = join(tmpdir(), `${process.pid}-docker.sock`)
  const failure = () => new Docker({ socketPath }).version().then(undefined, (error: unknown) => error)
  assert.equal(codeOf(await failure()), 'engine-away')
  const server = createServer((socket) => socket.destroy()).listen(socketPath)
  await once(server, 'listening')
  assert.equal(codeOf(await failure()), 'engine-away')
  server.close()
})

test('engineAway leaves other errors as they are', () => {
  const others = [new Error('no such image'), Object.assign(new Error('open /etc/x'), { code: 'ENOENT' }), new UserError('not-ready', 'no')]
  for (const other of others) assert.equal(engineAway(other), other)
})
