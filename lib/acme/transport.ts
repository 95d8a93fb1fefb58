import { type IncomingHttpHeaders, request as plain } from 'node:http'
import { request as encrypted } from 'node:https'
import { rootCertificates } from 'node:tls'
import { messageOf, UserError } from '../errors.ts'

/** An answer, read to its end. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface Request {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly url: string
  readonly body?: string
  readonly signal?: AbortSignal | undefined
}

/** No honest answer is longer than that, in bytes. */
const most = 1024 ** 2
/** How long one answer may take. */
const patienceMs = 30_000

/** Asks a certificate authority over HTTPS, trusting `ca` (PEM) too; a redirect is an answer like any other. UserError `acme-away`. */
export function transport({ directory, ca }: { directory: string; ca?: string | undefined }): (request: Request) => Promise<Answer> {
  // Only who was chosen without encryption may lead to what listens on this machine without it.
  const mayBePlain = isOwn(URL.parse(directory))
  const trusted = ca === undefined ? {} : { ca: [...rootCertificates, ca] }
  return async ({ method, url, body, signal }) => {
    const address = URL.parse(url)
    if (address === null || !(address.protocol === 'https:' || (mayBePlain && isOwn(address)))) throw away(url, 'it is no https address')
    const limit = AbortSignal.timeout(patienceMs)
    const either = signal === undefined ? limit : AbortSignal.any([signal, limit])
    try {
      return await exchange(address, { method, body, either, trusted })
    } catch (error) {
      signal?.throwIfAborted()
      throw away(address.origin, limit.aborted ? `no answer within ${patienceMs / 1000} seconds` : messageOf(error), error)
    }
  }
}

interface Exchange {
  method: string
  body: string | undefined
  either: AbortSignal
  trusted: { ca?: string[] }
}

function exchange(address: URL, { method, body, either, trusted }: Exchange): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      'user-agent': 'dokku',
      ...(body === undefined ? {} : { 'content-type': 'application/jose+json', 'content-length': Buffer.byteLength(body) }),
    }
    const ask = address.protocol === 'https:' ? encrypted : plain
    const sent = ask(address, { method, headers, signal: either, agent: false, ...trusted }, (response) => {
      const chunks: Buffer[] = []
      let length = 0
      response.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length > most) sent.destroy(new Error(`an answer of more than ${most} bytes`))
        chunks.push(chunk)
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString('utf8') }),
      )
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** One on this machine may do without. */
function isOwn(address: URL | null): boolean {
  return address?.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(address.hostname)
}

function away(where: string, why: string, cause?: unknown): UserError {
  return new UserError('acme-away', `the certificate authority at ${where} does not answer as one: ${why}`, { cause })
}
