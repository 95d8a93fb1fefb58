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
import type { Plugins } from './groups.ts'
import type { Instance } from './instance.ts'
import { findKey } from './keys.ts'
import { noted } from './noted.ts'
import type { gitDoor } from './push.ts'

/** Runs what one connection asks for and ends it with an exit status; nothing thrown leaves it. */
export function dispatcher(instance: Instance, plugins: Plugins, git: ReturnType<typeof gitDoor>) {
  return async function dispatch(session: Session): Promise<void> {
    const print = (to: Writable) => (text: string) => void to.write(session.isRaw ? text.replaceAll('\n', '\r\n') : text)
    const lines = output(print(session.stdout), print(session.stderr))
    let status = 1
    try {
      if (session.header.mode === 'hook') {
        await git.preReceive(session, lines)
        status = 0
      } else status = await command(session, lines)
    } catch (error) {
      status = fail(error, lines)
    }
    await session.exit(status)
  }

  async function command(session: Session, lines: Output): Promise<number> {
    const { header } = session
    const identity = identify(instance, session)
    const words = header.mode === 'ssh' ? parseWords(header.command ?? '') : header.args
    const started = performance.now()
    let status: number | undefined
    try {
      status = await (git.serves(words) ? pushOrFetch(words, identity, session) : typed(words, identity, session, lines))
      return status
    } finally {
      const ms = Math.round(performance.now() - started)
      instance.log.info({ user: identity.name, command: words[0]?.slice(0, 100), status: status ?? 'failed', ms }, 'command')
    }
  }

  async function pushOrFetch(words: string[], identity: Identity, session: Session): Promise<number> {
    authorize(identity, 'deploy', 'push or fetch')
    return await git.serve(words, identity.name, session)
  }

  async function typed(words: string[], identity: Identity, session: Session, lines: Output): Promise<number> {
    const resolved = resolve(plugins.groups, words)
    if (resolved.kind === 'help') {
      lines.line(resolved.text.trimEnd())
      return 0
    }
    const { command, globals } = resolved
    try {
      return await perform(command, resolved.words, globals, identity, session, lines)
    } catch (error) {
      if (globals.trace && error instanceof Error) lines.warn(error.stack ?? '')
      throw error
    }
  }

  async function perform(
    command: Command<Context, Right>,
    words: string[],
    globals: Globals,
    identity: Identity,
    session: Session,
    lines: Output,
  ): Promise<number> {
    authorize(identity, command.right, command.name)
    const context: Context = {
      instance,
      identity,
      session,
      output: lines,
      groups: plugins.groups,
      quiet: globals.quiet,
      force: globals.force,
    }
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

/** Who is at the other end: the gateway names the key it let in, the admin socket needs no name. */
function identify(instance: Instance, session: Session): Identity {
  const { mode, user } = session.header
  if (mode === 'argv') return { name: 'admin', role: 'admin' }
  const key = user === undefined ? undefined : findKey(instance.db, user)
  if (key === undefined) throw new UserError('unknown-key', 'This key is no longer registered')
  return { name: key.name, role: key.role }
}
