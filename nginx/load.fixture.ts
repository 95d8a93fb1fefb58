import { createHash, randomBytes } from 'node:crypto'
import { Agent as PlainAgent, request as plainRequest, type RequestOptions } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a load found: how many requests were answered, and what was wrong with any of them. */
export interface Outcome {
  requests: number
  failures: string[]
  /** Requests by the kind of client. */
  kinds: Record<string, number>
}

/** Clients of one host at constant rates, until told to end. */
export interface Load {
  requests(): number
  end(): Promise<Outcome>
}

interface Place {
  port: number
  httpsPort: number
  host: string
}

/** Asks in the manner of a kind of client; resolves when the answer is right, and throws what is wrong with it. */
type Ask = () => Promise<void>

interface Kind {
  /** How many clients, and milliseconds from one request of a client to its next. */
  clients: number
  everyMs: number
  client(place: Place): { ask: Ask; close(): void }
}

/**
 * Every kind of client there is. Those that keep their connection ask several times within the goodbye before a reload
 * (nginx/process.ts): one that rests for longer may find its connection closed when it asks again, as with any server.
 */
const kinds: Record<string, Kind> = {
  'kept connection': { clients: 8, everyMs: 20, client: kept },
  'fresh connection': { clients: 4, everyMs: 40, client: ({ port, host }) => oneByOne(() => exchange(plain(port, host))) },
  'kept TLS connection': { clients: 4, everyMs: 20, client: keptTls },
  'TLS handshake': { clients: 2, everyMs: 80, client: ({ httpsPort, host }) => oneByOne(() => exchange(tls(httpsPort, host))) },
  'slow upload': { clients: 4, everyMs: 50, client: ({ port, host }) => oneByOne(() => upload(plain(port, host))) },
  'slow TLS upload': { clients: 2, everyMs: 50, client: ({ httpsPort, host }) => oneByOne(() => upload(tls(httpsPort, host))) },
  websocket: { clients: 4, everyMs: 100, client: ({ port, host }) => websocket(port, host) },
}

/** Starts all kinds of clients of a host; `factor` times as many as usual. */
export function load(place: Place, factor = 1): Load {
  const outcome: Outcome = { requests: 0, failures: [], kinds: {} }
  let ending = false
  const one = async (name: string, { client, everyMs }: Kind) => {
    const { ask, close } = client(place)
    for (let due = performance.now(); !ending; due = Math.max(due + everyMs, performance.now())) {
      await sleep(Math.max(0, due - performance.now()))
      const failure = await ask().then(
        () => undefined,
        (error: NodeJS.ErrnoException) => `${name}: ${error.code ?? ''} ${error.message}`,
      )
      outcome.requests++
      outcome.kinds[name] = (outcome.kinds[name] ?? 0) + 1
      if (failure !== undefined) outcome.failures.push(failure)
    }
    close()
  }
  const all = Object.entries(kinds).flatMap(([name, kind]) => Array.from({ length: kind.clients * factor }, () => one(name, kind)))
  return {
    requests: () => outcome.requests,
    async end() {
      ending = true
      await Promise.all(all)
      return outcome
    },
  }
}

interface Sent extends RequestOptions {
  encrypted: boolean
}

function plain(port: number, host: string): Sent {
  return { encrypted: false, host: '127.0.0.1', port, headers: { host }, agent: false }
}

function tls(port: number, host: string): Sent {
  // A session of before would spare the handshake that is to be seen.
  const options = { servername: host, rejectUnauthorized: false, maxCachedSessions: 0 }
  return { ...plain(port, host), ...options, encrypted: true, agent: new TlsAgent({ keepAlive: false, ...options }) }
}

function oneByOne(ask: Ask) {
  return { ask, close: () => undefined }
}

function kept({ port, host }: Place) {
  const agent = new PlainAgent({ keepAlive: true, maxSockets: 1 })
  return { ask: () => exchange({ ...plain(port, host), agent }), close: () => agent.destroy() }
}

function keptTls({ httpsPort, host }: Place) {
  const agent = new TlsAgent({ keepAlive: true, maxSockets: 1, servername: host, rejectUnauthorized: false })
  return { ask: () => exchange({ ...tls(httpsPort, host), agent }), close: () => agent.destroy() }
}

/** One request; the app answers with the SHA-256 of what it was sent. */
function exchange({ encrypted, ...options }: Sent, chunks: readonly Buffer[] = [], pauseMs = 0): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = (encrypted ? tlsRequest : plainRequest)({ ...options, method: chunks.length > 0 ? 'POST' : 'GET' }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('error', reject)
      response.on('end', () => {
        if (response.statusCode === 200 && text === digest(chunks)) resolve()
        else reject(new Error(`${response.statusCode} ${text.slice(0, 100)}`))
      })
    })
    sent.on('error', reject)
    const send = async () => {
      for (const chunk of chunks) {
        sent.write(chunk)
        await sleep(pauseMs)
      }
      sent.end()
    }
    send().catch(reject)
  })
}

function upload(sent: Sent): Promise<void> {
  return exchange(
    sent,
    Array.from({ length: 8 }, () => randomBytes(4096)),
    150,
  )
}

/** What the app answers: of the whole body, so that a byte lost on the way is a failure. */
export function digest(chunks: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const chunk of chunks) hash.update(chunk)
  return hash.digest('hex')
}

/** One connection for as long as the load lasts; each turn is a word that comes back. */
function websocket(port: number, host: string) {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  let gone: Error | undefined
  let heard: ((text: string) => void) | undefined
  let seen = ''
  socket.on('error', (error) => {
    gone = error
  })
  socket.on('close', () => {
    gone ??= new Error('closed by the other side')
    heard?.('')
  })
  socket.on('data', (chunk: string) => {
    seen += chunk
    heard?.(seen)
  })
  const until = (end: string) =>
    new Promise<void>((resolve, reject) => {
      seen = ''
      heard = (text) => {
        if (gone !== undefined) reject(gone)
        else if (text.endsWith(end)) resolve()
      }
      if (gone !== undefined) reject(gone)
    })
  let words = 0
  const ask = async () => {
    if (words === 0) {
      const upgraded = until('\r\n\r\n')
      socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)
      await upgraded
    }
    const word = `word ${words++};`
    const back = until(word)
    socket.write(word)
    await back
  }
  return { ask, close: () => void socket.destroy() }
}
