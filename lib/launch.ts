import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'

/** Where a launched program reads and writes: the caller's own descriptor, nowhere, or a pipe. */
type Stdio = 'inherit' | 'ignore' | 'pipe'

export interface LaunchOptions {
  cwd: string
  /** Exactly the environment of the process. */
  env: Record<string, string>
  stdio: readonly [stdin: Stdio, stdout: Stdio, stderr: Stdio]
  /** Runs as this user and group, where we are root. */
  uid?: number
  gid?: number
  /** A process group of its own, so that it can be ended with all it started; without one it keeps the caller's terminal. */
  ownGroup?: boolean
}

/** A program that was started; streams are there where a pipe was asked for. */
export interface Launched {
  /** The process id; undefined when it could not be started. */
  pid: number | undefined
  stdin: Writable | null
  stdout: Readable | null
  stderr: Readable | null
  /** The exit status once the program itself has ended, whoever else may still hold its pipes; 128 and the number of the signal that ended it. Throws when it could not be started. */
  exited: Promise<number>
  kill(signal: NodeJS.Signals): void
}

/** Starts a program with the streams that are asked for. */
export function launch(argv: readonly [string, ...string[]], options: LaunchOptions): Launched {
  const [file, ...args] = argv
  const { ownGroup = false, stdio, ...rest } = options
  const child = spawn(file, args, { ...rest, stdio: [...stdio], detached: ownGroup })
  const exited = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']))
  })
  exited.catch(() => undefined)
  return {
    pid: child.pid,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exited,
    kill(signal) {
      if (ownGroup) signalGroup(child, signal)
      else child.kill(signal)
    },
  }
}

/** Signals the whole process group of a started program; a group that is gone is no error. */
export function signalGroup(started: { readonly pid?: number | undefined }, signal: NodeJS.Signals): void {
  if (started.pid === undefined) return
  try {
    process.kill(-started.pid, signal)
  } catch {
    // Already gone.
  }
}
