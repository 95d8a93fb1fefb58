import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, UserError } from '#lib/errors.ts'
import { launch, run } from '#lib/exec.ts'
import { parseVariables } from '#lib/variables.ts'
import { parseWords, quoteWord } from '#lib/words.ts'
import { attach } from './child.ts'
import { grants } from './grant.ts'
import { listen } from './listen.ts'
import type { Session } from './session.ts'

export interface Handlers {
  /** The words of the program that is asked `USER KEY` about each login; without one everybody with a key is let in. */
  auth?: string | undefined
  /** The words of the program of every session; those of the caller's command come after them. */
  exec: string
  /** Run it by `$SHELL -c`. */
  shell: boolean
  /** Variables of ours go to it, too. */
  passEnvironment: boolean
}

export interface Front extends Handlers {
  /** Where the two sockets are, which sshd's programs find. */
  authSocket: string
  sessionSocket: string
  /** The configured sshd, which stays in the foreground. */
  sshd: readonly [string, ...string[]]
  /** A line per login that is refused, per session that has ended, and, with `debug`, what sshd says. */
  log: (line: string) => void
  debug: boolean
  /** The thin client, for terminals. */
  client: string
}

/** How long sessions may go on once we were told to stop, in milliseconds. */
const patience = 30_000
/** How long the auth handler may take: sshd gives up the login then. */
const authTimeout = 25_000

/** Starts sshd, answers it and runs the handlers; resolves once it listens. `ended` resolves when sshd ends, or after `stop` and the last session. */
export async function front(options: Front) {
  const issued = grants()
  const running = new Set<Promise<void>>()
  const stopping = new AbortController()
  await rm(options.authSocket, { force: true })
  await rm(options.sessionSocket, { force: true })
  const doors = await Promise.all([
    // Only sshd may ask; a session shows a grant, so anybody may come.
    listen(options.authSocket, { mode: 0o600 }, askAuth),
    listen(options.sessionSocket, { mode: 0o666 }, async (session) => {
      const served = serve(session).finally(() => running.delete(served))
      running.add(served)
      await served
    }),
  ])
  const sshd = launch(options.sshd, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], env: own() })
  const { promise: listening, resolve: listens } = Promise.withResolvers<void>()
  const said = lines(sshd.stderr, (line) => {
    if (line.startsWith('Server listening on')) listens()
    if (options.debug) options.log(line)
  })
  // Sessions hold its streams open for longer than it lives.
  const ended = sshd.exited.then(async (exitCode) => {
    if (!stopping.signal.aborted) options.log(`sshd ended with status ${exitCode}`)
    await Promise.race([Promise.allSettled(running), sleep(patience, undefined, { ref: false })])
    await Promise.all(doors.map((door) => door.close()))
    return stopping.signal.aborted ? 0 : 1
  })
  const failed = async () => {
    await ended
    throw new UserError('sshd-failed', `sshd does not start: ${said()}`, { hint: '-d shows all that it says' })
  }
  await Promise.race([listening, failed()])
  return {
    ended,
    /** Takes no more logins; sessions go on for a while. */
    stop: () => {
      stopping.abort()
      // The listener alone: each session has a process of its own.
      sshd.kill('SIGTERM')
    },
  }

  /** sshd asks with the user, and type, base64 and fingerprint of a key; a line for authorized_keys lets it in. */
  async function askAuth({ header, stdout }: Session): Promise<void> {
    const [user = '', type = '', base64 = '', fingerprint = ''] = header.args
    const env = await allowed(user, `${type} ${base64}`)
    if (env === undefined) return options.log(`refused ${user} ${fingerprint}`)
    const grant = issued.make({ user, fingerprint, env })
    stdout.write(`restrict,pty,environment="DOKKU_FINGERPRINT=${grant}" ${type} ${base64}\n`)
  }

  /** What the auth handler says of a caller; undefined when it does not let them in. */
  async function allowed(user: string, key: string): Promise<Record<string, string> | undefined> {
    if (options.auth === undefined) return {}
    try {
      const words = [...program(options.auth), user, key] as [string, ...string[]]
      const { exitCode, stdout, stderr } = await run(words, { signal: AbortSignal.timeout(authTimeout), allow: 'any' })
      return exitCode === 0 ? parseVariables(`${stdout}\n${stderr}`) : undefined
    } catch (error) {
      options.log(`the auth handler failed: ${messageOf(error)}`)
      return undefined
    }
  }

  async function serve(session: Session): Promise<void> {
    const who = issued.read(session.header.fingerprint ?? '')
    const started = performance.now()
    let status = 1
    try {
      if (who === undefined) throw new UserError('bad-usage', 'this session came in by no login of ours')
      const { command = '', gitProtocol } = session.header
      const env = {
        ...(options.passEnvironment ? own() : {}),
        ...(gitProtocol === undefined ? {} : { GIT_PROTOCOL: gitProtocol }),
        ...who.env,
        USER: who.user,
        SSH_ORIGINAL_COMMAND: command,
      }
      status = await attach(session, argvOf(options, parseWords(command)), { cwd: process.cwd(), env, pty: true, client: options.client })
    } catch (error) {
      session.stderr.write(`${messageOf(error)}\n`)
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(3)
    options.log(
      `${who?.user ?? '?'} ${who?.fingerprint ?? '?'} ${JSON.stringify(session.header.command ?? '')} status=${status} seconds=${seconds}`,
    )
    await session.exit(status)
  }
}

/** The handler's words and the caller's, or the shell that runs them. */
export function argvOf({ exec, shell }: Pick<Handlers, 'exec' | 'shell'>, words: readonly string[]): [string, ...string[]] {
  if (!shell) return [...program(exec), ...words] as [string, ...string[]]
  return [process.env.SHELL || '/bin/sh', '-c', words.length === 0 ? exec : `${exec} ${words.map(quoteWord).join(' ')}`]
}

function program(text: string): [string, ...string[]] {
  const [file, ...words] = parseWords(text)
  if (file !== undefined) return [file, ...words]
  throw new UserError('bad-usage', `${JSON.stringify(text)} names no program`)
}

function own(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** Gives each line of a stream away; answers the last one. */
function lines(stream: NodeJS.ReadableStream | null, each: (line: string) => void): () => string {
  let [rest, last] = ['', 'no message']
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    const all = (rest + chunk).split(/\r?\n/)
    rest = all.pop() ?? ''
    for (const line of all) each(line)
    last = all.at(-1) ?? last
  })
  return () => last
}
