import { request as plainRequest } from 'node:http'
import { request } from 'node:https'
import { isIP } from 'node:net'
import { rootCertificates } from 'node:tls'

/** Where something is POSTed, at an address that was looked up before: whoever asks again may get another. */
export interface PostTo {
  readonly url: URL
  readonly address: string
  /** A CA that is trusted too, PEM. */
  readonly ca?: string | undefined
}

/** POSTs a text by HTTP or HTTPS, with the name and password of the URL; answers the status once the answer is whole. */
export async function post({ url, address, ca }: PostTo, type: string, body: string, signal: AbortSignal): Promise<number> {
  const { protocol, hostname, host, port, pathname, search, username, password } = url
  const name = hostname.replace(/^\[(.*)\]$/, '$1')
  const auth = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const options = {
    host: address,
    port: port || undefined,
    path: pathname + search,
    method: 'POST',
    signal,
    headers: { host, 'content-type': type, 'content-length': Buffer.byteLength(body) },
    ...(auth === ':' ? {} : { auth }),
    ...(isIP(name) ? {} : { servername: name }),
    ...trusting(ca),
  }
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const asked = (protocol === 'https:' ? request : plainRequest)(options)
  asked.on('error', reject).on('response', (response) => {
    response
      .on('error', reject)
      .on('end', () => resolve(response.statusCode ?? 0))
      .resume()
  })
  asked.end(body)
  return await promise
}

/** The options of a TLS connection that trusts one more CA. */
export function trusting(ca: string | undefined): { ca?: string[] } {
  return ca === undefined ? {} : { ca: [...rootCertificates, ca] }
}
