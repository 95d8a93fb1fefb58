/** The longest payload of a frame, in bytes. */
export const maxPayload = 65536

/** A header may be long, like the words of a command: the kernel allows 2 MiB of them. */
const maxHeader = 4 * 1024 * 1024

/** Client to daemon: header, stdin, end of stdin, window size, signal. Daemon to client: stdout, stderr, credit, raw, exit status. */
export type FrameType = 'H' | '0' | 'E' | 'W' | 'S' | '1' | '2' | 'C' | 'R' | 'X'

export interface Frame {
  /** One character; a receiver passes over types it does not know. */
  type: string
  payload: Buffer
}

/** The size and kind of the caller's terminal. */
export interface Terminal {
  term: string
  rows: number
  columns: number
}

/** Who calls, through which door, and what was asked. */
export interface SessionHeader {
  mode: 'ssh' | 'argv' | 'hook'
  /** The raw command of an SSH session; without it, a bare `ssh host`. */
  command?: string
  args: string[]
  /** The name of the git hook that calls, in mode `hook`. */
  hook?: string
  /** Where that hook runs. */
  cwd?: string
  /** That hook's variables, `GIT_*` and `DOKKU_*` only. */
  env: Record<string, string>
  user?: string
  /** In mode `argv`: the mark of the call that this one is made for, as DOKKU_NESTED. */
  nested?: string
  fingerprint?: string
  /** Client address and port, server address and port, as in SSH_CONNECTION. */
  connection?: string
  gitProtocol?: string
  /** Present when both stdin and stdout of the caller are a terminal. */
  terminal?: Terminal
}

/** The other end does not speak the protocol. */
export class ProtocolError extends Error {}

/** One frame as bytes. */
export function frame(type: FrameType, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  if (payload.length > maxPayload) throw new ProtocolError(`a frame of ${payload.length} bytes`)
  const bytes = Buffer.allocUnsafe(5 + payload.length)
  bytes.write(type, 0, 'latin1')
  bytes.writeUInt32BE(payload.length, 1)
  bytes.set(payload, 5)
  return bytes
}

/** Data of any length as frames of one type. */
export function* frames(type: FrameType, data: Uint8Array): Generator<Buffer> {
  for (let at = 0; at < data.length; at += maxPayload) yield frame(type, data.subarray(at, at + maxPayload))
}

/** Gives the frames that each chunk completes, wherever the chunks were cut; throws ProtocolError. */
export function frameReader(): (chunk: Buffer) => Generator<Frame> {
  let rest: Buffer = Buffer.alloc(0)
  return function* read(chunk) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= 5) {
      const length = rest.readUInt32BE(1)
      if (length > maxPayload) throw new ProtocolError(`a frame of ${length} bytes`)
      if (rest.length < 5 + length) return
      const whole = rest
      rest = rest.subarray(5 + length)
      yield { type: whole.toString('latin1', 0, 1), payload: whole.subarray(5, 5 + length) }
    }
  }
}

/** Gathers a header's frames: all but the last are full. Gives the header once it is whole; throws ProtocolError. */
export function headerReader(): (frame: Frame) => SessionHeader | undefined {
  const parts: Buffer[] = []
  return ({ type, payload }) => {
    if (type !== 'H') throw new ProtocolError(`a frame ${type} before the header`)
    parts.push(payload)
    if (parts.length * maxPayload > maxHeader) throw new ProtocolError(`a header of more than ${maxHeader} bytes`)
    return payload.length < maxPayload ? parseHeader(Buffer.concat(parts)) : undefined
  }
}

/** Reads a header: `key=value` pairs, each ended by NUL. Throws ProtocolError. */
export function parseHeader(bytes: Uint8Array): SessionHeader {
  const { one, all } = pairs(bytes)
  const mode = one.get('mode')
  if (mode !== 'ssh' && mode !== 'argv' && mode !== 'hook') throw new ProtocolError(`a header of mode ${mode}`)
  const text = (key: string, name: string) => (one.has(key) ? { [name]: one.get(key) } : {})
  return {
    mode,
    args: all('arg'),
    env: Object.fromEntries(all('env').map(split)),
    ...text('command', 'command'),
    ...text('hook', 'hook'),
    ...text('cwd', 'cwd'),
    ...text('user', 'user'),
    ...text('nested', 'nested'),
    ...text('fingerprint', 'fingerprint'),
    ...text('connection', 'connection'),
    ...text('git-protocol', 'gitProtocol'),
    ...(one.has('term') ? { terminal: { term: one.get('term') ?? '', rows: size(one.get('rows')), columns: size(one.get('cols')) } } : {}),
  }
}

/** The header of a session as bytes, as the client writes it. */
export function renderHeader(header: SessionHeader): Buffer {
  const { mode, command, args, hook, cwd, env, user, nested, fingerprint, connection, gitProtocol, terminal } = header
  const single = { mode, command, hook, cwd, user, nested, fingerprint, connection, 'git-protocol': gitProtocol }
  const window = terminal && { term: terminal.term, rows: `${terminal.rows}`, cols: `${terminal.columns}` }
  const entries: [string, string | undefined][] = [
    ...Object.entries(single),
    ...args.map((arg): [string, string] => ['arg', arg]),
    ...Object.entries(env).map(([key, value]): [string, string] => ['env', `${key}=${value}`]),
    ...Object.entries(window ?? {}),
  ]
  return Buffer.from(entries.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}\0`])).join(''))
}

function pairs(bytes: Uint8Array) {
  const entries = decode(bytes).split('\0').slice(0, -1).map(split)
  const repeated = new Set(['arg', 'env'])
  const one = new Map<string, string>()
  for (const [key, value] of entries.filter(([key]) => !repeated.has(key))) {
    // Said twice, a user's name would depend on who reads it.
    if (one.has(key)) throw new ProtocolError(`a header with two ${key}`)
    one.set(key, value)
  }
  return { one, all: (key: string) => entries.filter(([name]) => name === key).map(([, value]) => value) }
}

function decode(bytes: Uint8Array): string {
  try {
    // Strict, so that every word arrives byte for byte or not at all.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new ProtocolError('the command is not UTF-8')
  }
}

function split(entry: string): [string, string] {
  const at = entry.indexOf('=')
  if (at < 0) throw new ProtocolError('a header entry without "="')
  return [entry.slice(0, at), entry.slice(at + 1)]
}

function size(text: string | undefined): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 0 || number > 65535) throw new ProtocolError(`a terminal of ${text} rows or columns`)
  return number
}
