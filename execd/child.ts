import { constants } from 'node:os'
import { Transform } from 'node:stream'
import { type Started, signalGroup, start } from '#lib/exec.ts'
import { frame, frames } from './protocol.ts'
import type { Session } from './session.ts'

export interface AttachOptions {
  cwd: string
  /** Exactly the environment of the process. */
  env: Record<string, string>
  /** Gives the process a terminal, where the caller has one. */
  pty?: boolean
  /** For work that must not stop half way: signals and a caller who goes away change nothing, and its output is drained. */
  survive?: boolean
  /** The thin client, whose `--pty` makes the terminal. */
  client?: string
}

/** How long a process may take to leave after its caller did, in milliseconds. */
const grace = 10_000

/**
 * Runs a process on a session's streams and gives its exit status: 128 + n when signal n ended it, 127 when there is no such program.
 * The process leads a group of its own; a caller's signals, and SIGHUP when the caller is gone, go to the whole group.
 */
export async function attach(session: Session, argv: readonly [string, ...string[]], options: AttachOptions): Promise<number> {
  const terminal = options.pty ? session.header.terminal : undefined
  const client = options.client ?? process.env.DOKKU_CLIENT ?? '/usr/local/bin/dokku'
  const started = terminal
    ? start([client, '--pty', `${terminal.rows}`, `${terminal.columns}`, '--', ...argv], {
        cwd: options.cwd,
        env: { TERM: terminal.term, ...options.env },
      })
    : start(argv, { cwd: options.cwd, env: options.env })
  // A process that does not read to the end of its input is no error.
  started.stdin.on('error', () => {})
  const stop = [terminal ? feedTerminal(session, started) : feed(session, started, options.survive === true)]
  if (!options.survive) stop.push(endWithCaller(session, started))
  started.stdout.pipe(session.stdout, { end: false })
  started.stderr.pipe(session.stderr, { end: false })
  try {
    const result = await started
    if (result.exitCode !== undefined) return result.exitCode
    if (result.signal !== undefined) return 128 + (constants.signals[result.signal] ?? 0)
    session.stderr.write(`dokku: ${argv[0]}: ${result.code === 'ENOENT' ? 'not found' : result.originalMessage}\n`)
    return result.code === 'ENOENT' ? 127 : 126
  } finally {
    for (const each of stop) each()
  }
}

/** Input as it is; signals to the group. */
function feed(session: Session, started: Started, survive: boolean): () => void {
  session.stdin.pipe(started.stdin)
  const deaf = session.onSignal((signal) => {
    if (!survive) signalGroup(started, signal)
  })
  // What survives must still learn that no more input comes; what does not must not take a cut for an end.
  const cut = () => void (survive && started.stdin.end())
  session.closed.addEventListener('abort', cut)
  if (session.closed.aborted) cut()
  return () => {
    deaf()
    session.closed.removeEventListener('abort', cut)
    session.stdin.unpipe(started.stdin)
  }
}

/** Input, sizes and signals as frames for the helper that holds the terminal. */
function feedTerminal(session: Session, started: Started): () => void {
  const framed = new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, Buffer.concat([...frames('0', chunk)])),
    flush: (done) => done(null, frame('E')),
  })
  // The helper's stdin stays open after the caller's has ended: its end means that the caller is gone.
  session.stdin.pipe(framed).pipe(started.stdin, { end: false })
  const deaf = session.onSignal((signal) => started.stdin.write(frame('S', Buffer.from(signal.slice(3)))))
  const rigid = session.onResize((rows, columns) => started.stdin.write(frame('W', Buffer.from([rows >> 8, rows, columns >> 8, columns]))))
  session.raw()
  return () => {
    deaf()
    rigid()
    session.stdin.unpipe(framed)
  }
}

/** Hangs up the process when its caller is gone, and kills what is left after a while. */
function endWithCaller(session: Session, started: Started): () => void {
  let timer: NodeJS.Timeout | undefined
  const end = () => {
    signalGroup(started, 'SIGHUP')
    timer = setTimeout(() => signalGroup(started, 'SIGKILL'), grace)
  }
  session.closed.addEventListener('abort', end)
  if (session.closed.aborted) end()
  return () => {
    session.closed.removeEventListener('abort', end)
    clearTimeout(timer)
  }
}
