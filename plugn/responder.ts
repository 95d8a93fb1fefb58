import { writeFileSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'

/** One call of one hook, as every form of handler gets it. */
export interface Call {
  readonly hook: string
  /** Byte for byte, empty ones too. */
  readonly args: readonly string[]
  /** What a typed caller gave; handlers in process take it, executables may read it as JSON. */
  readonly input: object | undefined
  /** The caller's standard input, shared by all handlers: the first that reads it drains it. */
  readonly stdin: Readable | 'inherit' | undefined
  readonly stdout: Writable | 'inherit'
  readonly stderr: Writable | 'inherit'
  /** The caller's environment and directory. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Aborted when the handler is too slow, or whoever asked has left: it is to end then. */
  readonly signal: AbortSignal
}

/** How a handler ended; one in process may answer a value. */
export interface Reply {
  readonly status: number
  readonly answer?: unknown
  /** Why a handler in process, or one that could not be reached, failed. */
  readonly error?: unknown
}

/** What handles a plugin's hooks: modules, executables, a resident process, or one elsewhere. */
export interface Responder {
  readonly plugin: string
  /** Does it handle the hook? */
  handles(hook: string): boolean | Promise<boolean>
  /** Handles it. What it throws is our fault or the transport's, never the handler's failure. */
  call(call: Call): Reply | Promise<Reply>
  /** Ends what stays resident, once no call of it is under way; waits for that only where none is. */
  close?(): Promise<void>
}

/** Writes what a handler in process answers, as an executable would: a text as it is, a list as lines, anything else as JSON. */
export function print(to: Writable | 'inherit', answer: unknown): void {
  if (answer === undefined || answer === null) return
  const lines = (Array.isArray(answer) ? answer : [answer]).map((one) => `${typeof one === 'object' ? JSON.stringify(one) : one}\n`)
  if (to === 'inherit') writeFileSync(1, lines.join(''))
  else to.write(lines.join(''))
}

/** Writes a message to a call's standard error; that of this process is shared with hooks, and Node's stream would take it. */
export function say(to: Writable | 'inherit', text: string): void {
  if (to === 'inherit') writeFileSync(2, text)
  else to.write(text)
}
