import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { request as requestEncrypted } from 'node:https'
import { urlToHttpOptions } from 'node:url'

/** An HTTP answer, read to its end. */
export interface Answer {
  status: number
  text: string
}

/** Where the API is: the path of its unix socket, or its address over TCP with the token. */
export type Target = string | { url: string; token: string }

/** What goes with a request. */
interface Sending {
  body?: string
  type?: string
  signal?: AbortSignal
}

/** One HTTP request to a unix socket or an address; the connection is closed after it, so a restarted server is no error later. */
export function ask(target: Target, method: string, path: string, sending: Sending = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = send(target, method, path, sending, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }))
      response.on('error', reject)
    })
    sent.on('error', reject)
  })
}

/** The same, for an answer that is read as it comes. */
export function send(
  target: Target,
  method: string,
  path: string,
  { body, type = 'text/plain', signal }: Sending,
  take: (response: IncomingMessage) => void,
): ClientRequest {
  const headers = {
    ...(body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
    ...(typeof target === 'string' ? {} : { authorization: `Bearer ${target.token}` }),
  }
  const where = typeof target === 'string' ? { socketPath: target, path } : urlToHttpOptions(new URL(path, target.url))
  const begin = typeof target !== 'string' && target.url.startsWith('https:') ? requestEncrypted : request
  const sent = begin({ ...where, method, agent: false, headers, ...(signal === undefined ? {} : { signal }) }, take)
  sent.end(body)
  return sent
}
