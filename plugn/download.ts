import { messageOf, UserError } from '#lib/errors.ts'
import { withoutCredentials } from './source.ts'

/** How long a download may take. */
const timeoutMs = 600_000

/** The body of an answer to a GET, at most so many bytes; UserError `fetch-failed`, also while it is read. */
export async function download(address: string, maxBytes: number, signal?: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const shown = withoutCredentials(address)
  const failed = (why: string, cause?: unknown) =>
    new UserError('fetch-failed', `${shown} could not be fetched: ${why}`, { cause, exitCode: 2 })
  const url = new URL(address)
  const { username, password } = url
  url.username = url.password = ''
  const basic = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
  const response = await fetch(url, {
    // An encoding would be undone on the way, and the archive with it.
    headers: { 'accept-encoding': 'identity', ...(username === '' ? {} : { authorization: `Basic ${basic}` }) },
    signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]),
  }).catch((error: unknown) => {
    throw failed(error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error), error)
  })
  const refuse = async (why: string) => {
    await response.body?.cancel()
    return failed(why)
  }
  if (!response.ok) throw await refuse(`${response.status} ${response.statusText}`.trim())
  if (url.protocol === 'https:' && !response.url.startsWith('https:')) throw await refuse('it leads from https to plain http')
  if (Number(response.headers.get('content-length')) > maxBytes) throw await refuse(`it has more than ${maxBytes} bytes`)
  if (response.body === null) throw failed('the answer is empty')
  return guarded(response.body, maxBytes, failed)
}

/** Passes the bytes on, and fails when there are too many or the connection breaks. */
function guarded(body: ReadableStream<Uint8Array>, maxBytes: number, failed: (why: string, cause?: unknown) => Error) {
  async function* chunks() {
    let bytes = 0
    try {
      for await (const chunk of body) {
        bytes += chunk.length
        if (bytes > maxBytes) break
        yield chunk
      }
    } catch (error) {
      throw failed(messageOf(error), error)
    }
    if (bytes > maxBytes) throw failed(`it has more than ${maxBytes} bytes`)
  }
  return ReadableStream.from<Uint8Array>(chunks())
}
