import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { execa } from 'execa'

export interface ExecOptions {
  cwd?: string
  /** Exactly the environment of the process; without it, the caller's. */
  env?: Record<string, string>
  input?: string | Uint8Array
  signal?: AbortSignal
  /** Exit statuses that are answers rather than failures. */
  allow?: readonly number[]
}

export interface ExecResult {
  stdout: string
  stderr: string
  exitCode: number
}

/** A program failed: its argv, exit status and words. */
export class ExecError extends Error {
  readonly exitCode: number | undefined
  readonly stderr: string

  constructor(argv: readonly string[], exitCode: number | undefined, stderr: string) {
    super(`${argv.slice(0, 2).join(' ')} failed${exitCode === undefined ? '' : ` (${exitCode})`}: ${stderr.trim() || 'no message'}`)
    this.name = 'ExecError'
    this.exitCode = exitCode
    this.stderr = stderr
  }
}

/** Runs a program to its end, never through a shell; a failed one throws ExecError. */
export async function run(argv: readonly [string, ...string[]], options: ExecOptions = {}): Promise<ExecResult> {
  const [file, ...args] = argv
  const result = await execa(file, args, {
    reject: false,
    stripFinalNewline: false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env, extendEnv: false }),
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  })
  const exitCode = result.exitCode
  if (exitCode === undefined || (exitCode !== 0 && !options.allow?.includes(exitCode)))
    throw new ExecError(argv, exitCode, result.stderr || (exitCode === undefined ? (result.shortMessage ?? '') : ''))
  return { stdout: result.stdout, stderr: result.stderr, exitCode }
}

/** Starts a program with all three streams as pipes, in a process group of its own. */
export function start(argv: readonly [string, ...string[]], options: Pick<ExecOptions, 'cwd' | 'env'> = {}) {
  const [file, ...args] = argv
  return execa(file, args, {
    reject: false,
    buffer: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    detached: true,
    cleanup: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env, extendEnv: false }),
  })
}

/** A program started by `start`. */
export type Started = ReturnType<typeof start>

/** Signals the whole process group of a started program; a group that is gone is no error. */
export function signalGroup(started: { readonly pid?: number | undefined }, signal: NodeJS.Signals): void {
  if (started.pid === undefined) return
  try {
    process.kill(-started.pid, signal)
  } catch {
    // Already gone.
  }
}

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
