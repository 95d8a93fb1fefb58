import type { Writable } from 'node:stream'
import type { Session } from '#execd'
import type { Command } from '#lib/command.ts'
import { messageOf, UserError } from '#lib/errors.ts'
import { type Output, output } from '#lib/output.ts'
import { parse } from '#lib/parse.ts'
import { type Globals, resolve } from '#lib/resolve.ts'
import { parseWords } from '#lib/words.ts'
import { authorize, type Identity, type Right } from './access.ts'
import { App } from './app.ts'
import type { Context } from './context.ts'
import { mendable } from './disk-error.ts'
import { engineAway } from './engine-error.ts'
import { eventText } from './event-text.ts'
import type { Instance } from './instance.ts'
import { findKey } from './keys.ts'
import type { LivePlugins } from './live-plugins.ts'
import { actAs, actor, nestedCallOver, within } from './nested.ts'
import { noted } from './noted.ts'
import { runFallback } from './plugin-command.ts'
import type { gitDoor } from './push.ts'

/** Runs what one connection asks for and ends it with an exit status; nothing thrown leaves it. */
export function dispatcher(instance: Instance, plugins: Pick<LivePlugins, 'current' | 'environment'>, git: ReturnType<typeof gitDoor>) {
  return async function dispatch(session: Session, nestedOnly = false): Promise<void> {
    const print = (to: Writable) => (text: string) => void to.write(session.isRaw ? text.replaceAll('\n', '\r\n') : text)
    const lines = output(print(session.stdout), print(session.stderr))
    let status = 1
    try {
      if (session.header.mode === 'hook') {
        await git.preReceive(session, lines)
        status = 0
      } else if (session.header.nested !== undefined) {
        status = await within(session.header.nested, () => command(actor()?.identity ?? local, session, lines))
      } else {
        if (nestedOnly) throw nestedCallOver()
        const identity = identify(instance, session)
        status = await command(identity, session, lines)
      }
    } catch (error) {
      status = fail(error, lines)
    }
    await session.exit(status)
  }

  async function command(identity: Identity, session: Session, lines: Output): Promise<number> {
    const { header } = session
    const words = header.mode === 'ssh' ? parseWords(header.command ?? '') : header.args
    if (header.mode === 'ssh') await askPlugins(identity, header.user ?? '', words)
    const started = performance.now()
    let status: number | undefined
    try {
      const work = () => (git.serves(words) ? pushOrFetch(words, identity, session) : typed(words, identity, session, lines))
      status = await actAs({ identity, output: lines }, work)
      return status
    } finally {
      const ms = Math.round(performance.now() - started)
      instance.log.info({ user: identity.name, command: words[0]?.slice(0, 100), status: status ?? 'failed', ms }, 'command')
    }
  }

  /** Plugins may refuse what a key's owner typed. */
  async function askPlugins(identity: Identity, user: string, words: string[]): Promise<void> {
    await instance.fire('user-auth', { user, key: identity.name, words })
  }

  async function pushOrFetch(words: string[], identity: Identity, session: Session): Promise<number> {
    authorize(identity, 'deploy', 'push or fetch')
    return await git.serve(words, identity, session)
  }

  async function typed(words: string[], identity: Identity, session: Session, lines: Output): Promise<number> {
    const { groups, all } = plugins.current
    const context = (globals: Globals): Context => ({ instance, identity, session, output: lines, groups, ...globals })
    const resolved = await resolveOr(groups, words, async () => {
      authorize(identity, 'admin', words[0] ?? '')
      return await runFallback(all, words, context({ quiet: false, force: false, trace: false }), plugins.environment)
    })
    if (typeof resolved === 'number') return resolved
    if (resolved.kind === 'help') {
      lines.line(resolved.text.trimEnd())
      return 0
    }
    const { command, globals } = resolved
    try {
      return await perform(command, resolved.words, globals, context(globals))
    } catch (error) {
      if (globals.trace && error instanceof Error) lines.warn(error.stack ?? '')
      throw error
    }
  }

  async function perform(command: Command<Context, Right>, words: string[], globals: Globals, context: Context): Promise<number> {
    const { identity } = context
    authorize(identity, command.right, command.name)
    const { args, flags } = await parse(command, words, context, globals.app)
    const run = async () => (await command.run({ args, flags, context })) ?? 0
    if (command.right === 'none' || command.reads?.({ args, flags })) return await run()
    const what = () => {
      const app = appOf(command, args)
      return { app, by: identity.name, text: eventText(command, words, { name: app, byFlag: globals.app !== undefined }) }
    }
    return await noted(instance, what, run)
  }

  function fail(thrown: unknown, lines: Output): number {
    const error = engineAway(mendable(thrown))
    if (error instanceof UserError) {
      lines.warn(error.message)
      if (error.hint !== undefined) lines.warn(error.hint)
      return error.exitCode
    }
    instance.log.error({ err: error }, 'a command failed by our fault')
    lines.warn(`dokku failed: ${messageOf(error)}`)
    if (process.env.DOKKU_TRACE && error instanceof Error) lines.warn(error.stack ?? '')
    return 1
  }
}

/** The name of the app that a command was about, after it ran: as it is called now, or was when it went. */
function appOf(command: Command<Context, Right>, args: Record<string, unknown>): string | undefined {
  const key = Object.entries(command.args ?? {}).find(([, arg]) => arg.kind !== 'rest' && arg.app)?.[0]
  const value = key === undefined ? undefined : args[key]
  return value instanceof App ? value.name : typeof value === 'string' ? value : undefined
}

/** What a line means, or, where we know no such command, the status of a plugin that does. */
async function resolveOr<R>(groups: Context['groups'], words: string[], fallback: () => Promise<R | undefined>) {
  try {
    return resolve(groups, words)
  } catch (error) {
    const answer = error instanceof UserError && error.code === 'unknown-command' ? await fallback() : undefined
    if (answer !== undefined) return answer
    throw error
  }
}

const local: Identity = { name: 'admin', role: 'admin' }

/** Who is at the other end: the gateway names the key it let in, the admin socket needs no name. */
function identify(instance: Instance, session: Session): Identity {
  const { mode, user } = session.header
  if (mode === 'argv') return local
  const key = user === undefined ? undefined : findKey(instance.db, user)
  if (key === undefined) throw new UserError('unknown-key', 'This key is no longer registered')
  return { name: key.name, role: key.role, fingerprint: key.fingerprint }
}
