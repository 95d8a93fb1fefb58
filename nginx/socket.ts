import { request } from 'node:http'

/** An HTTP answer, read to its end. */
export interface Answer {
  status: number
  text: string
}

/** One HTTP request over a unix socket; the connection is closed after it, so a restarted server is no error later. */
export function ask(
  socketPath: string,
  method: string,
  path: string,
  options: { body?: string; type?: string; signal?: AbortSignal } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath,
        method,
        path,
        agent: false,
        headers:
          options.body === undefined
            ? {}
            : { 'content-type': options.type ?? 'text/plain', 'content-length': Buffer.byteLength(options.body) },
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }))
        response.on('error', reject)
      },
    )
    sent.on('error', reject)
    sent.end(options.body)
  })
}
