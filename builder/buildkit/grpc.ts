import { type ClientHttp2Session, connect, constants, type Http2Stream } from 'node:http2'
import type { Socket } from 'node:net'

/** gRPC's status codes, of which these concern us. */
export const status = { ok: '0', notFound: '5', internal: '13', unimplemented: '12' } as const

/** The longest message we take in, in bytes; the engine's are far shorter. */
const longest = 16 << 20

/** A message as it travels: a zero byte (not compressed), its length in four bytes, and the message. */
export function frame(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

/** The messages that arrive on a stream, in order. */
export async function* messages(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0)
  for await (const chunk of stream) {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    while (rest.length >= 5) {
      const length = rest.readUInt32BE(1)
      if (length > longest) throw new RangeError(`a gRPC message of ${length} bytes is too long`)
      if (rest.length < 5 + length) break
      yield rest.subarray(5, 5 + length)
      rest = rest.subarray(5 + length)
    }
  }
}

/** Writes one message; resolves when the other side has room for more. */
export async function send(stream: Http2Stream, message: Uint8Array): Promise<void> {
  if (stream.destroyed) throw new Error('the engine closed the stream')
  if (stream.write(frame(message))) return
  await new Promise<void>((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done)
      resolve()
    }
    stream.on('drain', done).on('close', done)
  })
}

/** A call was answered with an error; the message is the other side's. */
export class CallError extends Error {
  readonly status: string

  constructor(status: string, message: string) {
    super(message)
    this.name = 'CallError'
    this.status = status
  }
}

/** A gRPC client over a connection that is there already. */
export function client(socket: Socket): ClientHttp2Session {
  const session = connect('http://engine', { createConnection: () => socket })
  session.on('error', () => {}) // Each call is told.
  return session
}

/** Makes a call and yields its answers; a refused one throws CallError, an aborted one ends on the other side too. */
export async function* call(session: ClientHttp2Session, path: string, request: Uint8Array, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' })
  const abort = () => stream.close(constants.NGHTTP2_CANCEL)
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort, { once: true })
  let code: string | undefined
  let words = ''
  const ended = (headers: Record<string, unknown>) => {
    if (headers['grpc-status'] === undefined) return
    code = String(headers['grpc-status'])
    words = decode(String(headers['grpc-message'] ?? ''))
  }
  stream.on('response', ended)
  stream.on('trailers', ended)
  stream.end(frame(request))
  try {
    yield* messages(stream)
    if (code === undefined) throw Object.assign(new Error('the engine broke off the connection'), { code: 'ECONNRESET' })
    if (code !== status.ok) throw new CallError(code, words)
  } finally {
    signal?.removeEventListener('abort', abort)
    if (!stream.closed) abort()
  }
}

/** gRPC sends messages percent-encoded. */
function decode(words: string): string {
  try {
    return decodeURIComponent(words)
  } catch {
    return words
  }
}
