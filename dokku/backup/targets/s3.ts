import { Readable } from 'node:stream'
import { AwsClient } from 'aws4fetch'
import { messageOf, UserError } from '#lib/errors.ts'
import type { Target } from './target.ts'

export interface S3Access {
  /** Such as https://s3.eu-central-1.amazonaws.com. */
  endpoint: string
  region: string
  accessKey: string
  secretKey: string
}

/** The first pieces of an upload; later ones are larger, because there may be 10,000 at most. In bytes. */
const pieceBytes = 16 * 1024 ** 2

/** How long one request may take, in milliseconds. */
const patienceMs = 5 * 60_000

/** A bucket of S3, or of what speaks like it, `s3://BUCKET/PREFIX`. */
export function s3Target(url: URL, { endpoint, region, accessKey, secretKey }: S3Access): Target {
  const client = new AwsClient({ accessKeyId: accessKey, secretAccessKey: secretKey, region, service: 's3', retries: 4 })
  const prefix = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, '')
  const keyOf = (name: string) => (prefix === '' ? name : `${prefix}/${name}`)
  const base = `${endpoint.replace(/\/+$/, '')}/${url.hostname}`
  const encoded = (key: string) => key.split('/').map(encodeURIComponent).join('/')

  const ask = async (method: string, path: string, body?: Uint8Array | string): Promise<Response> => {
    const failed = (reason: string, cause?: unknown) =>
      new UserError('target-failed', `${url.href}: ${method} failed: ${reason}`, { cause })
    let answer: Response
    try {
      // What comes back may be long: fetch itself gives up where nothing more comes.
      const signal = method === 'GET' ? null : AbortSignal.timeout(patienceMs)
      answer = await client.fetch(`${base}${path}`, {
        method,
        signal,
        redirect: 'error',
        ...(body === undefined ? {} : { body: body as never }),
      })
    } catch (error) {
      throw failed(messageOf((error as Error).cause ?? error), error)
    }
    if (answer.ok || (method === 'DELETE' && answer.status === 404)) return answer
    const said = await answer.text()
    throw failed(`${answer.status} ${/<Message>([^<]*)/.exec(said)?.[1] ?? said.slice(0, 200)}`)
  }

  return {
    url: url.href,

    async put(name, content) {
      const path = `/${encoded(keyOf(name))}`
      const id = one(await (await ask('POST', `${path}?uploads=`)).text(), 'UploadId')
      const at = `uploadId=${encodeURIComponent(id)}`
      try {
        const tags: string[] = []
        for await (const piece of pieces(content)) {
          const { headers } = await ask('PUT', `${path}?partNumber=${tags.length + 1}&${at}`, piece)
          tags.push(headers.get('etag') ?? '')
        }
        const list = tags.map((tag, number) => `<Part><PartNumber>${number + 1}</PartNumber><ETag>${tag}</ETag></Part>`).join('')
        const said = await (await ask('POST', `${path}?${at}`, `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`)).text()
        // It may fail after it has said that it did not.
        if (/<Error>/.test(said)) throw new UserError('target-failed', `${url.href}: the upload was not taken: ${said.slice(0, 200)}`)
      } catch (error) {
        await ask('DELETE', `${path}?${at}`).catch(() => undefined)
        throw error
      }
    },

    async get(name) {
      const { body } = await ask('GET', `/${encoded(keyOf(name))}`)
      return Readable.from(received(body ?? [], url))
    },

    async list() {
      const names: string[] = []
      const within = prefix === '' ? '' : `${prefix}/`
      for (let token: string | undefined = ''; token !== undefined; ) {
        const query = new URLSearchParams({ 'list-type': '2', prefix: within, 'encoding-type': 'url', delimiter: '/' })
        if (token !== '') query.set('continuation-token', token)
        const said = await (await ask('GET', `?${query}`)).text()
        for (const [, key = ''] of said.matchAll(/<Key>([^<]*)<\/Key>/g))
          names.push(decodeURIComponent(key.replaceAll('+', ' ')).slice(within.length))
        token = /<NextContinuationToken>([^<]*)</.exec(said)?.[1]
      }
      return names
    },

    async remove(name) {
      await ask('DELETE', `/${encoded(keyOf(name))}`)
    },
  }
}

/** What comes back; a connection that breaks off is a UserError. */
async function* received(body: AsyncIterable<Uint8Array> | [], url: URL): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw new UserError('target-failed', `${url.href}: the download broke off: ${messageOf((error as Error).cause ?? error)}`, {
      cause: error,
    })
  }
}

/** Bytes in pieces as an upload takes them: all but the last are 5 MiB or more. One at least. */
async function* pieces(content: Readable): AsyncGenerator<Buffer> {
  let held: Buffer[] = []
  let [length, number] = [0, 0]
  for await (const chunk of content as AsyncIterable<Buffer>) {
    held.push(chunk)
    length += chunk.length
    if (length < pieceBytes * 2 ** Math.floor(number / 1000)) continue
    yield Buffer.concat(held)
    held = []
    length = 0
    number++
  }
  if (length > 0 || number === 0) yield Buffer.concat(held)
}

function one(xml: string, element: string): string {
  const found = new RegExp(`<${element}>([^<]+)</${element}>`).exec(xml)?.[1]
  if (found !== undefined) return found
  throw new UserError('target-failed', `the answer is not S3’s: ${xml.slice(0, 200)}`)
}
