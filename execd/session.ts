import type { Socket } from 'node:net'
import { constants } from 'node:os'
import { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { type Frame, type FrameType, frame, frames, ProtocolError, type SessionHeader } from './protocol.ts'

/** How much of stdin may be on its way at once, in bytes. */
export const inputWindow = 256 * 1024

const signals: Record<string, NodeJS.Signals> = { HUP: 'SIGHUP', INT: 'SIGINT', QUIT: 'SIGQUIT', TERM: 'SIGTERM' }

/** One command that somebody runs: what was asked, its streams, and the way to end it. */
export interface Session {
  readonly header: SessionHeader
  /** The caller's input, fetched only when something reads it. A caller who goes away makes it fail; it does not end. */
  readonly stdin: Readable
  /** Waits for a slow caller; once the caller is gone, it takes everything and shows it to nobody. */
  readonly stdout: Writable
  readonly stderr: Writable
  /** The caller went away before the end, or sent a signal that nobody listens for. */
  readonly closed: AbortSignal
  /** SIGINT, SIGTERM, SIGHUP or SIGQUIT sent to the client; returns the way to stop listening. Without a listener, a signal ends the session. */
  onSignal(listener: (signal: NodeJS.Signals) => void): () => void
  onResize(listener: (rows: number, columns: number) => void): () => void
  /** Makes the caller's terminal raw until the end: for a program that has a terminal of its own. */
  raw(): void
  /** Was the terminal made raw? A line then ends with a carriage return too. */
  readonly isRaw: boolean
  /** Ends the session with a status of 0 to 255, after all output has left. */
  exit(status: number): Promise<void>
}

/** A session on a connection whose header has come; `take` is given every frame after it. */
export function openSession(socket: Socket, header: SessionHeader): { session: Session; take(frame: Frame): void } {
  const gone = new AbortController()
  const onSignal = listeners<[NodeJS.Signals]>()
  const onResize = listeners<[number, number]>()
  const send = (type: FrameType, payload?: Uint8Array) => {
    if (socket.writable) socket.write(frame(type, payload))
  }
  const input = creditedInput((bytes) => send('C', uint32(bytes)))
  const stdout = outputStream(socket, '1')
  const stderr = outputStream(socket, '2')
  let ending = false
  let raw = false

  const exit = async (status: number): Promise<void> => {
    if (ending) return
    ending = true
    stdout.end()
    stderr.end()
    await Promise.all([finished(stdout), finished(stderr)])
    if (!socket.writable) return
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
      socket.write(frame('X', Uint8Array.of(status & 0xff)))
      socket.destroySoon()
    })
  }
  socket.once('close', () => {
    const reason = new Error('the client is gone')
    input.stream.destroy(ending ? undefined : reason)
    if (!ending) gone.abort(reason)
  })
  // The client has asked before; a credit of nothing tells it that this daemon took the header.
  send('C', uint32(0))

  const take = ({ type, payload }: Frame): void => {
    if (type === '0') input.push(payload)
    if (type === 'E') input.end()
    if (type === 'W' && payload.length === 4) onResize.tell(payload.readUInt16BE(0), payload.readUInt16BE(2))
    const signal = type === 'S' ? signals[payload.toString('latin1')] : undefined
    if (signal === undefined || onSignal.tell(signal)) return
    // As it would end a process that does not handle it.
    gone.abort(new Error(`the client sent ${signal}`))
    void exit(128 + constants.signals[signal])
  }
  const session: Session = {
    header,
    stdin: input.stream,
    stdout,
    stderr,
    closed: gone.signal,
    onSignal: onSignal.add,
    onResize: onResize.add,
    raw: () => {
      raw = true
      send('R')
    },
    get isRaw() {
      return raw
    },
    exit,
  }
  return { session, take }
}

/** A stream that grants credit as it is read, so that the connection itself never has to pause. */
function creditedInput(grant: (bytes: number) => void) {
  let granted = 0
  const stream = new Readable({
    highWaterMark: inputWindow / 4,
    // Node asks while little lies unread, and again only after another chunk; so something must be on its way when this returns.
    read() {
      if (granted > inputWindow / 2) return
      grant(inputWindow - granted)
      granted = inputWindow
    },
  })
  // A caller who goes away while nobody reads is no news for the daemon.
  stream.on('error', () => {})
  return {
    stream,
    push(chunk: Buffer) {
      if (chunk.length > granted) throw new ProtocolError('more input than was granted')
      granted -= chunk.length
      if (!stream.destroyed && !stream.readableEnded) stream.push(chunk)
    },
    end() {
      if (!stream.destroyed) stream.push(null)
    },
  }
}

function outputStream(socket: Socket, type: '1' | '2'): Writable {
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!socket.writable) return done()
      // The callback comes when the kernel has it, or when there is nobody left to have it.
      socket.write(Buffer.concat([...frames(type, chunk)]), () => done())
    },
  })
  // A line that comes after the end of its session is no news either.
  stream.on('error', () => {})
  return stream
}

function listeners<Values extends unknown[]>() {
  const all = new Set<(...values: Values) => void>()
  return {
    add(listener: (...values: Values) => void) {
      all.add(listener)
      return () => void all.delete(listener)
    },
    /** Was there somebody to tell? */
    tell(...values: Values): boolean {
      for (const listener of all) listener(...values)
      return all.size > 0
    },
  }
}

function uint32(number: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return bytes
}
