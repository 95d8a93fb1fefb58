import { randomUUID } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { Docker } from '#lib/docker.ts'
import type { Registries } from './driver.ts'
import { upgrade } from './engine.ts'
import { encode, fields, text } from './protobuf.ts'

/** Answers one call: the message asked in, the reply out, or undefined for "not found". */
type Method = (request: Uint8Array) => Uint8Array | undefined

const status = { ok: '0', notFound: '5', unimplemented: '12' } as const
const longestRequest = 1 << 20

/** What a session offers to a build. */
export interface Offers {
  registries?: Registries
  secrets?: Record<string, string>
}

/** A connection over which the engine calls us for as long as it is open. */
export interface Session {
  id: string
  close(): void
}

/**
 * Opens a session with the engine's BuildKit: the engine calls us, over gRPC, for logins and secrets.
 * One is opened for every build, since without it a base image from a registry with token auth cannot be pulled.
 */
export async function openSession(engine: Docker, offers: Offers): Promise<Session> {
  const id = randomUUID().replaceAll('-', '')
  const methods = services(offers)
  const socket = await upgrade(engine, '/session', 'h2c', {
    'X-Docker-Expose-Session-Uuid': id,
    'X-Docker-Expose-Session-Name': 'dokku',
    'X-Docker-Expose-Session-Sharedkey': '',
    'X-Docker-Expose-Session-Grpc-Method': Object.keys(methods),
  })
  serve(socket, methods)
  return { id, close: () => socket.destroy() }
}

/** The calls a build may make. FetchToken and GetTokenAuthority stay unimplemented: the engine then fetches tokens itself. */
export function services({ registries, secrets = {} }: Offers): Record<string, Method> {
  const firstField = (request: Uint8Array) => {
    for (const { number, value } of fields(request)) if (number === 1) return text(value)
    return ''
  }
  return {
    '/grpc.health.v1.Health/Check': () => encode([[1, 1]]),
    '/moby.filesync.v1.Auth/Credentials': (request) => {
      const login = registries?.(registryHost(firstField(request)))
      if (!login) return encode([])
      return encode([
        [1, login.username],
        [2, login.password],
      ])
    },
    '/moby.buildkit.secrets.v1.Secrets/GetSecret': (request) => {
      const id = firstField(request)
      const secret = Object.hasOwn(secrets, id) ? secrets[id] : undefined
      return secret === undefined ? undefined : encode([[1, secret]])
    },
  }
}

/** Docker's own registry has several host names; people log in to `docker.io`. */
function registryHost(host: string): string {
  return ['registry-1.docker.io', 'index.docker.io', 'https://index.docker.io/v1/'].includes(host) ? 'docker.io' : host
}

/** Serves unary gRPC calls on a connection until it closes. */
export function serve(socket: Duplex, methods: Record<string, Method>): void {
  const server = createServer()
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => answer(stream, methods[String(headers[':path'])]))
  server.on('sessionError', () => socket.destroy())
  socket.on('error', () => socket.destroy()) // The engine goes away at the end of a build, in its own manner.
  server.emit('connection', socket)
}

function answer(stream: ServerHttp2Stream, method: Method | undefined): void {
  const chunks: Buffer[] = []
  let length = 0
  stream.on('error', () => stream.destroy())
  stream.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length > longestRequest) stream.destroy()
    else chunks.push(chunk)
  })
  stream.on('end', () => {
    if (stream.destroyed) return
    // A gRPC message is a zero byte (not compressed), a length of four bytes, and the message.
    const reply = method?.(Buffer.concat(chunks).subarray(5))
    const headers = { ':status': 200, 'content-type': 'application/grpc' }
    if (reply === undefined) {
      stream.respond({ ...headers, 'grpc-status': method ? status.notFound : status.unimplemented }, { endStream: true })
      return
    }
    const prefix = Buffer.alloc(5)
    prefix.writeUInt32BE(reply.length, 1)
    stream.respond(headers, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status.ok }))
    stream.end(Buffer.concat([prefix, reply]))
  })
}
