import assert from 'node:assert/strict'
import { type ClientHttp2Session, connect } from 'node:http2'
import { createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { encode, fields, text } from './protobuf.ts'
import { serve, services } from './session.ts'

const big = 'certificate '.repeat(30_000)

describe('builder session', () => {
  let client: ClientHttp2Session
  // The engine's side of the connection: here a client that dials us, as the engine does over the upgraded connection.
  const server = createServer((socket) =>
    serve(
      socket,
      services({
        registries: (host) => (host === 'docker.io' || host === 'ghcr.io' ? { username: `user of ${host}`, password: 'p w' } : undefined),
        secrets: { ca: big, empty: '' },
      }),
    ),
  )
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    client = connect(`http://127.0.0.1:${address.port}`)
  })
  after(() => {
    client.destroy()
    server.close()
  })

  const call = async (path: string, request: Buffer) => {
    const prefix = Buffer.alloc(5)
    prefix.writeUInt32BE(request.length, 1)
    const stream = client.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' })
    let status: unknown
    stream.on('response', (headers) => {
      status = headers['grpc-status'] ?? status
    })
    stream.on('trailers', (headers) => {
      status = headers['grpc-status']
    })
    stream.end(Buffer.concat([prefix, request]))
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(Buffer.from(chunk))
    const reply = Buffer.concat(chunks)
    if (reply.length > 0) assert.equal(reply.readUInt32BE(1), reply.length - 5)
    const found = Object.fromEntries(
      [...fields(reply.subarray(5))].map(({ number, value }) => [number, typeof value === 'number' ? value : text(value)]),
    )
    return { status: String(status), fields: found }
  }
  const credentials = (host: string) => call('/moby.filesync.v1.Auth/Credentials', encode([[1, host]]))
  const secret = (id: string) => call('/moby.buildkit.secrets.v1.Secrets/GetSecret', encode([[1, id]]))

  test('is healthy', async () => {
    assert.deepEqual(await call('/grpc.health.v1.Health/Check', encode([])), { status: '0', fields: { 1: 1 } })
  })

  test('gives the login of a host, and an empty one to any other', async () => {
    assert.deepEqual(await credentials('ghcr.io'), { status: '0', fields: { 1: 'user of ghcr.io', 2: 'p w' } })
    assert.deepEqual(await credentials('evil.example'), { status: '0', fields: {} })
  })

  test('knows the names of the Docker Hub', async () => {
    assert.equal((await credentials('registry-1.docker.io')).fields[1], 'user of docker.io')
  })

  test('gives a secret whole, however long', async () => {
    assert.equal((await secret('ca')).fields[1], big)
  })

  test('does not know a secret that was not offered', async () => {
    assert.deepEqual(await secret('constructor'), { status: '5', fields: {} })
  })

  test('leaves tokens to the engine', async () => {
    assert.equal((await call('/moby.filesync.v1.Auth/FetchToken', encode([]))).status, '12')
    assert.equal((await call('/moby.filesync.v1.Auth/GetTokenAuthority', encode([]))).status, '12')
  })
})
