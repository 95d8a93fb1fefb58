import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chown, mkdir, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { messageOf, UserError } from '#lib/errors.ts'
import { type Launched, launch } from '#lib/exec.ts'
import { type Confinement, confinedArgv } from './confine.ts'
import { greet, type Remote, remoteHooks } from './remote.ts'
import type { Responder } from './responder.ts'

/** After how long a process that ended is started again: the first time, and at most. */
const backoffMs = { first: 100, most: 30_000 }
/** A call waits so long for a new start, and fails at once where that is later. */
const shortWaitMs = 1_000
/** A process that lived so long starts anew without delay. */
const steadyMs = 10_000
/** How long a process may take to connect, and to end. */
const patienceMs = 10_000

export interface ResidentOptions {
  readonly plugin: string
  readonly dir: string
  /** The program and its words; a path in it is the plugin's own. */
  readonly run: readonly string[]
  readonly hooks: readonly string[]
  readonly config: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
  readonly as?: Pick<Confinement, 'uid' | 'gid' | 'through'>
  /** What it is told of a call's environment; without this, all. */
  readonly envOf?: (env: Readonly<Record<string, string>>) => Readonly<Record<string, string>>
  /** Is told what it prints by itself, and that it ended. */
  readonly log: (text: string) => void
  /** Where its socket is made; default: the folder for temporary files. */
  readonly sockets?: string
}

/**
 * Handles hooks by a process that stays. It starts at the first call, connects to the socket that $PLUGN_SOCKET names, and
 * is greeted there; one that ends is started again, after an ever longer delay when it ends again and again.
 */
export function residentHooks(options: ResidentOptions): Responder {
  const { plugin, hooks, config, log } = options
  let living: Promise<Living> | undefined
  let delay = 0
  let notBefore = 0
  let closed = false
  let again: NodeJS.Timeout | undefined

  const begin = async (waitMs: number): Promise<Living> => {
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
    if (closed) throw new UserError('plugin-gone', `the plugin ${plugin} is no longer in use`)
    return await live(options)
  }
  const start = (waitMs: number): Promise<Living> => {
    const started = Date.now()
    const mine = begin(waitMs)
    const over = () => {
      living = undefined
      delay = Date.now() - started > steadyMs ? 0 : Math.min(Math.max(delay * 2, backoffMs.first), backoffMs.most)
      notBefore = Date.now() + delay
      if (!closed) again = setTimeout(() => ensure().catch((error: unknown) => log(messageOf(error))), delay).unref()
    }
    mine.then((one) => {
      void one.remote.peer.closed.then(over)
      void one.ended.then((status) => log(`${plugin} ended (exit status ${status})`))
    }, over)
    return mine
  }
  const ensure = async (): Promise<Living> => {
    const wait = notBefore - Date.now()
    // Whoever waits for a deploy does not wait for a process that ends again and again.
    if (living === undefined && wait > shortWaitMs)
      throw new UserError('plugin-gone', `the plugin ${plugin} ended several times, and is tried again in ${Math.ceil(wait / 1000)} s`)
    living ??= start(wait)
    return await living
  }

  const stop = async () => {
    await (await living?.catch(() => undefined))?.stop()
  }
  const responder = remoteHooks(plugin, hooks, config, async () => (await ensure()).remote, stop, options.envOf)
  return {
    ...responder,
    async close() {
      closed = true
      clearTimeout(again)
      await responder.close()
    },
  }
}

interface Living {
  readonly remote: Remote
  /** Its exit status; its connection is over then. */
  readonly ended: Promise<number>
  stop(): Promise<void>
}

async function live({ plugin, dir, run, env, as, log, sockets = tmpdir() }: ResidentOptions): Promise<Living> {
  const folder = join(sockets, `plugn-${randomBytes(6).toString('hex')}`)
  await mkdir(folder, { mode: 0o700 })
  const path = join(folder, 'socket')
  const server = createServer()
  try {
    server.listen(path)
    await once(server, 'listening')
    // Nobody else may be the first to connect.
    if (as !== undefined) for (const one of [path, folder]) await chown(one, as.uid, as.gid)
    const launched = launch(confinedArgv(as, command(dir, run)), {
      cwd: dir,
      env: { ...env, PLUGN_SOCKET: path },
      stdio: ['ignore', 'pipe', 'pipe'],
      ownGroup: true,
      ...(as && { uid: as.uid, gid: as.gid }),
    })
    for (const stream of [launched.stdout, launched.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => log(`${plugin}: ${text.trimEnd()}`))
    try {
      const remote = await greet(await connection(server, launched, plugin), plugin)
      // Without its connection it is of no use, and without its process the connection is over.
      void remote.peer.closed.then(() => end(launched))
      const ended = launched.exited.finally(() => remote.peer.close())
      return {
        remote,
        ended,
        async stop() {
          end(launched)
          await ended
        },
      }
    } catch (error) {
      end(launched)
      throw error
    }
  } finally {
    server.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** The first connection to a server of its own: being there is how a process says that it is ready. */
async function connection(server: Server, launched: Launched, plugin: string): Promise<Socket> {
  const late = AbortSignal.timeout(patienceMs)
  const failed = async () => {
    const status = await launched.exited
    throw new UserError('plugin-gone', `the plugin ${plugin} ended before it was ready (exit status ${status})`)
  }
  const came = once(server, 'connection', { signal: late }).catch(() => {
    throw new UserError('plugin-gone', `the plugin ${plugin} did not connect to $PLUGN_SOCKET within ${patienceMs / 1000} s`)
  })
  const [socket] = (await Promise.race([came, failed()])) as [Socket]
  return socket
}

function command(dir: string, [program = '', ...words]: readonly string[]): [string, ...string[]] {
  return [program.includes('/') ? resolve(dir, program) : program, ...words]
}

function end(launched: Launched): void {
  launched.kill('SIGTERM')
  const timer = setTimeout(() => launched.kill('SIGKILL'), patienceMs).unref()
  void launched.exited.finally(() => clearTimeout(timer)).catch(() => undefined)
}
