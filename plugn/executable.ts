import { access, constants, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Readable, Readable as ReadableStream, type Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { hasCode } from '#lib/errors.ts'
import { type Launched, type LaunchOptions, launch } from '#lib/launch.ts'
import { type Confinement, confinedArgv } from './confine.ts'
import { passSignals } from './foreground.ts'
import { type Call, type Reply, type Responder, say } from './responder.ts'

/** How long an ended program's pipes may stay open: what it left behind in the background may hold them for ever. */
const leftOpenMs = 200
/** How long a program that is to end may take. */
const graceMs = 5_000

export interface ExecutableOptions {
  readonly plugin: string
  readonly dir: string
  /** Settings of the plugin, by the names of their variables. */
  readonly variables: Readonly<Record<string, string>>
  /** Hooks that read the caller's input as JSON. */
  readonly readsJson?: ReadonlySet<string>
  /** The user that it runs as, where that is not ours. */
  readonly as?: Pick<Confinement, 'uid' | 'gid' | 'through'>
  /** What it gets of a call's environment; without this, all. */
  readonly envOf?: (env: Readonly<Record<string, string>>) => Readonly<Record<string, string>>
  /** Keeps our terminal and gets the signals that are sent to us, instead of a process group of its own. */
  readonly foreground?: boolean
}

/** Handles hooks by executables of a plugin's folder that are called like them. */
export function executables(options: ExecutableOptions): Responder {
  const { plugin, dir } = options
  return {
    plugin,
    handles: async (hook) => (await kindOf(join(dir, hook))) !== undefined,

    async call(call: Call): Promise<Reply> {
      const path = join(dir, call.hook)
      if ((await kindOf(path)) === 'not executable') {
        say(call.stderr, `Trigger '${call.hook}' is not executable, skipping plugin (${plugin})\n`)
        return { status: 0 }
      }
      try {
        return { status: await runToEnd([path, ...call.args], call, options) }
      } catch (error) {
        // Not a program: no interpreter, another architecture.
        if (!hasCode(error, 'ENOENT', 'ENOEXEC', 'EACCES', 'E2BIG')) throw error
        return { status: 126, error }
      }
    },
  }
}

async function runToEnd(argv: readonly [string, ...string[]], call: Call, options: ExecutableOptions): Promise<number> {
  call.signal.throwIfAborted()
  const input = options.readsJson?.has(call.hook) ? ReadableStream.from([`${JSON.stringify(call.input ?? {})}\n`]) : call.stdin
  const pipe = (stream: unknown) => (stream === 'inherit' ? ('inherit' as const) : ('pipe' as const))
  const launched = launch(confinedArgv(options.as, argv), {
    cwd: call.cwd,
    env: { ...(options.envOf?.(call.env) ?? call.env), ...options.variables },
    stdio: [input === undefined ? 'ignore' : pipe(input), pipe(call.stdout), pipe(call.stderr)],
    ownGroup: options.foreground !== true,
    ...(options.as && { uid: options.as.uid, gid: options.as.gid }),
  } satisfies LaunchOptions)
  const stop = () => end(launched)
  call.signal.addEventListener('abort', stop)
  const signals = options.foreground ? passSignals(launched) : undefined
  if (typeof input === 'object' && launched.stdin !== null) feed(input, launched.stdin)
  const outputs = [copy(launched.stdout, call.stdout), copy(launched.stderr, call.stderr)]
  try {
    const status = await launched.exited
    await Promise.race([Promise.allSettled(outputs), new Promise((resolve) => setTimeout(resolve, leftOpenMs).unref())])
    return status === 0 ? (signals?.status() ?? 0) : status
  } finally {
    signals?.release()
    call.signal.removeEventListener('abort', stop)
    if (typeof input === 'object') input.unpipe(launched.stdin ?? undefined)
    for (const stream of [launched.stdin, launched.stdout, launched.stderr]) stream?.destroy()
  }
}

/** A program that does not read its input, or ends before all of it, is none the worse. */
function feed(from: Readable, to: Writable): void {
  to.on('error', () => undefined)
  from.pipe(to)
}

async function copy(from: Readable | null, to: Writable | 'inherit'): Promise<void> {
  if (from === null || to === 'inherit') return
  from.pipe(to, { end: false })
  await finished(from)
}

function end(launched: Launched): void {
  launched.kill('SIGTERM')
  const timer = setTimeout(() => launched.kill('SIGKILL'), graceMs).unref()
  void launched.exited.finally(() => clearTimeout(timer)).catch(() => undefined)
}

/** What lies where a hook would; a folder is none, whatever it is called. */
export async function kindOf(path: string): Promise<'executable' | 'not executable' | undefined> {
  try {
    if (!(await stat(path)).isFile()) return undefined
    await access(path, constants.X_OK)
    return 'executable'
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined
    if (hasCode(error, 'EACCES')) return 'not executable'
    throw error
  }
}
