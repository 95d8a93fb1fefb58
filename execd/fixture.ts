import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { signalGroup, start } from '#lib/exec.ts'
import { frame, frames } from './protocol.ts'

/** The compiled client that the contract tests run. */
export const client = process.env.DOKKU_CLIENT ?? '/usr/local/bin/dokku'

/** A directory for one test. */
export async function scratch(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'execd-test-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** Starts a program, and collects what it says. */
export function running(t: TestContext, argv: readonly [string, ...string[]], env: Record<string, string> = {}) {
  const started = start(argv, { env: { PATH: process.env.PATH ?? '/usr/bin:/bin', ...env } })
  t.after(() => signalGroup(started, 'SIGKILL'))
  started.stdin.on('error', () => {})
  const collect = (stream: NodeJS.ReadableStream) => {
    let text = ''
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    return { stream, read: () => text }
  }
  const out = collect(started.stdout)
  const err = collect(started.stderr)
  const says = async ({ stream, read }: typeof out, words: string | RegExp): Promise<string> => {
    while (typeof words === 'string' ? !read().includes(words) : !words.test(read())) {
      if ((stream as NodeJS.ReadableStream & { readableEnded?: boolean }).readableEnded)
        throw new Error(`it ended after ${JSON.stringify(read())}`)
      const seen = new AbortController()
      await Promise.race(['data', 'end'].map((event) => once(stream, event, { signal: seen.signal }))).finally(() => seen.abort())
    }
    return read()
  }
  return {
    started,
    stdin: started.stdin,
    says: (words: string | RegExp) => says(out, words),
    complains: (words: string | RegExp) => says(err, words),
    output: out.read,
    errors: err.read,
    /** The exit status, when it has ended. */
    async status(): Promise<number | undefined> {
      const { exitCode } = await started
      return exitCode
    },
  }
}

/** Runs a program to its end on this input; its stdout is bytes. */
export async function ran(argv: readonly [string, ...string[]], env: Record<string, string> = {}, input: Uint8Array | string = '') {
  const started = start(argv, { env: { PATH: process.env.PATH ?? '/usr/bin:/bin', ...env } })
  started.stdin.on('error', () => {}).end(input)
  const [stdout, stderr, { exitCode }] = await Promise.all([buffer(started.stdout), buffer(started.stderr), started])
  return { stdout, stderr: stderr.toString(), status: exitCode }
}

/** Starts a program on a terminal of its own, by the client's `--pty`. */
export function onTerminal(t: TestContext, size: [number, number], argv: readonly [string, ...string[]], env: Record<string, string> = {}) {
  const program = running(t, [client, '--pty', `${size[0]}`, `${size[1]}`, '--', ...argv], { TERM: 'xterm', ...env })
  return {
    ...program,
    type: (text: string) => {
      for (const bytes of frames('0', Buffer.from(text))) program.stdin.write(bytes)
    },
    endInput: () => program.stdin.write(frame('E')),
    resize: (rows: number, columns: number) =>
      program.stdin.write(frame('W', Buffer.from([rows >> 8, rows & 255, columns >> 8, columns & 255]))),
    signal: (name: string) => program.stdin.write(frame('S', Buffer.from(name))),
  }
}
