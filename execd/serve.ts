import { UserError } from '#lib/errors.ts'
import { parseWords } from '#lib/words.ts'
import { attach } from './child.ts'
import { listen } from './listen.ts'
import type { SessionHeader } from './protocol.ts'

export interface ServeOptions {
  socket: string
  /** The program of every session; the words of the caller's command come after its own. */
  handler: readonly [string, ...string[]]
  /** The group that may call. */
  gid?: number
  /** The thin client, where sessions shall have terminals. */
  client?: string
}

/** A daemon of its own: every session becomes a process, without Dokku. */
export function serve({ socket, handler, gid, client }: ServeOptions) {
  const owner = gid === undefined ? {} : { gid }
  return listen(socket, { mode: 0o660, ...owner }, async (session) => {
    try {
      const argv: [string, ...string[]] = [...handler, ...wordsOf(session.header)]
      const status = await attach(session, argv, {
        cwd: '/',
        env: environmentOf(session.header),
        pty: true,
        ...(client === undefined ? {} : { client }),
      })
      await session.exit(status)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      session.stderr.write(`${error.message}\n`)
      await session.exit(error.exitCode)
    }
  })
}

function wordsOf({ mode, command, args }: SessionHeader): string[] {
  return mode === 'ssh' ? parseWords(command ?? '') : args
}

function environmentOf({ command, user, fingerprint, connection, gitProtocol }: SessionHeader): Record<string, string> {
  const entries = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    DOKKU_USER: user,
    DOKKU_FINGERPRINT: fingerprint,
    SSH_ORIGINAL_COMMAND: command,
    SSH_CONNECTION: connection,
    GIT_PROTOCOL: gitProtocol,
  }
  return Object.fromEntries(Object.entries(entries).filter((entry): entry is [string, string] => entry[1] !== undefined))
}
