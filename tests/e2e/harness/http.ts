import { type IncomingHttpHeaders, request } from 'node:http'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

export interface Ask {
  address: string
  port: number
  host: string
  path?: string
  method?: string
  headers?: Record<string, string>
  body?: string
  /** Default: 30 seconds. */
  timeoutMs?: number
}

/** One HTTP request with a Host header of its own, on a connection of its own. */
export function ask({ address, port, host, path = '/', method = 'GET', headers = {}, body, timeoutMs = 30_000 }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: address, port, path, method, headers: { ...headers, host }, agent: false, timeout: timeoutMs }
    const asked = request(options, (response) => {
      text(response).then(
        (said) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: said }),
        (error: unknown) => reject(error),
      )
    })
    asked.on('error', reject)
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${timeoutMs} ms`)))
    asked.end(body)
  })
}

/** An upgraded connection on which a server echoes bytes. */
export interface Echo {
  /** Sends a word and resolves when it has come back. */
  say(word: string): Promise<void>
  /** Resolves when the other end has closed the connection. */
  closed: Promise<void>
  close(): void
}

/** Opens a websocket through the appliance. */
export function upgrade({ address, port, host, path = '/' }: Ask): Promise<Echo> {
  return new Promise((resolve, reject) => {
    const headers = {
      host,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-version': '13',
    }
    const asked = request({ host: address, port, path, headers, agent: false })
    asked.on('error', reject)
    asked.on('response', (response) => reject(new Error(`no upgrade: HTTP ${response.statusCode}`)))
    asked.on('upgrade', (_response, socket: Socket) => resolve(echo(socket)))
    asked.end()
  })
}

function echo(socket: Socket): Echo {
  let heard = ''
  let wake = () => {}
  let isClosed = false
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    heard += chunk
    wake()
  })
  const closed = new Promise<void>((resolve) => {
    const end = () => {
      isClosed = true
      wake()
      resolve()
    }
    socket.on('error', end).on('close', end).on('end', end)
  })
  return {
    async say(word) {
      heard = ''
      socket.write(word)
      while (!heard.includes(word)) {
        if (isClosed) throw new Error(`the connection closed before ${word} came back`)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    closed,
    close: () => socket.destroy(),
  }
}
