import { execa } from 'execa'

/** Apart, so that a program that starts often need not wait until execa is loaded. */
export * from './launch.ts'

export interface ExecOptions {
  cwd?: string
  /** Exactly the environment of the process; without it, the caller's. */
  env?: Record<string, string>
  input?: string | Uint8Array
  signal?: AbortSignal
  /** Exit statuses that are answers rather than failures. */
  allow?: readonly number[] | 'any'
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
  if (exitCode === undefined || (exitCode !== 0 && options.allow !== 'any' && !options.allow?.includes(exitCode)))
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
