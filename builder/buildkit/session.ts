import { randomUUID } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { Docker } from '#lib/docker.ts'
import type { Registries } from '../driver.ts'
import { upgrade } from './engine.ts'
import { sendTree, type Tree } from './filesync.ts'
import { messages, send, status } from './grpc.ts'
import { encode, fields, text } from './protobuf.ts'

/** Answers a call: messages in, messages out. It returns false for "not found". */
type Method = (
  incoming: AsyncIterable<Buffer>,
  reply: (message: Uint8Array) => Promise<void>,
  headers: IncomingHttpHeaders,
) => Promise<boolean>

/** What a session offers to a build. */
export interface Offers {
  registries?: Registries
  secrets?: Record<string, string>
  /** By the names under which a frontend asks: `context` and `dockerfile`. */
  trees?: Record<string, Tree>
}

/** A connection over which the engine calls us for as long as it is open. */
export interface Session {
  id: string
  close(): void
}

/**
 * Opens a session with the engine's BuildKit: the engine calls us, over gRPC, for files, logins and secrets.
 * Without the logins a base image from a registry with token auth could not even be pulled anonymously.
 */
export async function openSession(engine: Docker, offers: Offers): Promise<Session> {
  const id = randomUUID().replaceAll('-', '')
  const methods = services(offers)
  const socket = await upgrade(engine, '/session', 'h2c', {
    'X-Docker-Expose-Session-Uuid': id,
    'X-Docker-Expose-Session-Name': 'dokku',
    // Trees of builds with the same key count as the same where size and time agree; no two builds of ours may.
    'X-Docker-Expose-Session-Sharedkey': id,
    'X-Docker-Expose-Session-Grpc-Method': Object.keys(methods),
  })
  serve(socket, methods)
  return { id, close: () => socket.destroy() }
}

/** The calls a build may make. FetchToken and GetTokenAuthority stay unimplemented: the engine then fetches tokens itself. */
export function services({ registries, secrets = {}, trees = {} }: Offers): Record<string, Method> {
  return {
    '/grpc.health.v1.Health/Check': unary(() => encode([[1, 1]])),
    '/moby.filesync.v1.Auth/Credentials': unary((request) => {
      const login = registries?.(registryHost(firstField(request)))
      return encode(
        login
          ? [
              [1, login.username],
              [2, login.password],
            ]
          : [],
      )
    }),
    '/moby.buildkit.secrets.v1.Secrets/GetSecret': unary((request) => {
      const id = firstField(request)
      const secret = Object.hasOwn(secrets, id) ? secrets[id] : undefined
      return secret === undefined ? undefined : encode([[1, secret]])
    }),
    '/moby.filesync.v1.FileSync/DiffCopy': async (incoming, reply, headers) => {
      const tree = trees[String(headers['dir-name'])]
      if (!tree) return false
      await sendTree(asked(tree, headers['include-patterns']), incoming, reply)
      return true
    },
  }
}

/** Frontends look for single files, such as .dockerignore, before they ask for the tree. */
function asked(tree: Tree, patterns: string | string[] | undefined): Tree {
  if (patterns === undefined) return tree
  const names = [patterns].flat().flatMap((pattern) => pattern.split(/, */))
  return { ...tree, paths: tree.paths.filter((path) => names.includes(path)) }
}

function unary(method: (request: Uint8Array) => Uint8Array | undefined): Method {
  return async (incoming, reply) => {
    for await (const request of incoming) {
      const answer = method(request)
      if (answer) await reply(answer)
      return answer !== undefined
    }
    return false
  }
}

function firstField(request: Uint8Array): string {
  for (const { number, value } of fields(request)) if (number === 1) return text(value)
  return ''
}

/** Docker's own registry has several host names; people log in to `docker.io`. */
function registryHost(host: string): string {
  return ['registry-1.docker.io', 'index.docker.io', 'https://index.docker.io/v1/'].includes(host) ? 'docker.io' : host
}

/** Serves gRPC calls on a connection until it closes. */
export function serve(socket: Duplex, methods: Record<string, Method>): void {
  const server = createServer()
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => stream.destroy())
    const method = methods[String(headers[':path'])]
    void (method ? answer(stream, headers, method) : refuse(stream, status.unimplemented))
  })
  server.on('sessionError', () => socket.destroy())
  socket.on('error', () => socket.destroy()) // The engine goes away at the end of a build, in its own manner.
  server.emit('connection', socket)
}

async function answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, method: Method): Promise<void> {
  let code: string = status.ok
  let words = ''
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': code, ...(words && { 'grpc-message': encodeURIComponent(words) }) }))
  try {
    if (!(await method(messages(stream.iterator({ destroyOnReturn: false })), (message) => send(stream, message), headers)))
      code = status.notFound
  } catch (error) {
    code = status.internal
    words = error instanceof Error ? error.message : String(error)
  }
  if (!stream.destroyed) stream.end()
}

function refuse(stream: ServerHttp2Stream, code: string): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': code }, { endStream: true })
}
