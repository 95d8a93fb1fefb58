import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '#lib/errors.ts'
import { writeWhole } from '#lib/files.ts'
import { type Launched, launch } from '#lib/launch.ts'
import { quoteWords } from '#lib/words.ts'

export interface DoorOptions {
  /** The port of ssh, which `execd` serves. */
  ssh?: string
  /** The address of HTTP, which `gitreceive` serves. */
  http?: string
  /** The words of the program that says who comes in. */
  auth: string
  /** Our own argv, for what the doors call. */
  program: readonly string[]
  /** Where repositories and the host key are kept. */
  state: string
  /** Where sockets are, for as long as we run. */
  run: string
  /** The daemon's own socket. */
  socket: string
}

/**
 * Opens the doors by which pushes come in: the programs of execd and gitreceive, each in a process of its own. `ended` resolves
 * when one of them has ended, with a sentence about it.
 */
export async function openDoors(options: DoorOptions) {
  const { ssh, http, auth, program, state, run, socket } = options
  const repositories = join(state, 'repositories')
  const receiver = join(run, 'receiver')
  await mkdir(repositories, { recursive: true, mode: 0o700 })
  // git gives its hooks no variable of ours, and compiling takes longer than all else.
  const { NODE_COMPILE_CACHE: cache } = process.env
  const received = [...(cache === undefined ? [] : ['env', `NODE_COMPILE_CACHE=${cache}`]), ...program, 'receive', '--socket', socket]
  await writeWhole(receiver, `#!/bin/sh\nexec ${quoteWords(received)} "$@"\n`, 0o755)
  const env = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined))
  const started = new Map<string, Launched>()
  const start = (words: [string, ...string[]]) =>
    started.set(words[0], launch(words, { cwd: '/', env, stdio: ['ignore', 'inherit', 'inherit'], ownGroup: true }))
  if (ssh !== undefined) {
    const session = [...program, 'session', '--socket', socket, '--repositories', repositories, '--receiver', receiver, '--']
    const places = ['--state', join(state, 'ssh'), '--run', join(run, 'ssh')]
    start(['execd', '--env', '--users', 'git', '--port', ssh, ...places, auth, quoteWords(session)])
  }
  if (http !== undefined) start(['gitreceive', 'http', repositories, receiver, '--auth', auth, '--listen', http])
  const all = [...started].map(([name, { exited }]) =>
    exited.then(
      (status) => `${name} ended with status ${status}`,
      (error: unknown) => `${name} could not be started: ${messageOf(error)}`,
    ),
  )
  return {
    /** Never, where there are none. */
    ended: all.length === 0 ? new Promise<string>(() => undefined) : Promise.race(all),

    /** Closes them; resolves once pushes that run have ended. */
    async close(): Promise<void> {
      for (const { kill } of started.values()) kill('SIGTERM')
      await Promise.allSettled(all)
    },
  }
}
