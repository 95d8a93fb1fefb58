import type { Session } from '#execd'
import type { Command } from '#lib/command.ts'
import { UserError } from '#lib/errors.ts'
import type { Guide } from '#lib/help.ts'
import type { Output } from '#lib/output.ts'
import { parse } from '#lib/parse.ts'
import { type Globals, resolve } from '#lib/resolve.ts'
import { authorize, type Identity, type Right } from './access.ts'
import { App, isThere, maybeApp } from './app.ts'
import type { Context } from './context.ts'
import { eventText } from './event-text.ts'
import { guideOf } from './guide.ts'
import type { Instance } from './instance.ts'
import type { LivePlugins } from './live-plugins.ts'
import { noted } from './noted.ts'
import { assertNotOld } from './old-names.ts'
import { runFallback } from './plugin-command.ts'
import { currentRelease } from './release.ts'
import type { About } from './serve-caller.ts'
import { maybeSeen } from './visible.ts'

/** Runs what somebody typed and gives the exit status. */
export function typed(instance: Instance, plugins: Pick<LivePlugins, 'current' | 'environment'>) {
  return async (words: string[], identity: Identity, session: Session, lines: Output, about: About): Promise<number> => {
    const { groups, all } = plugins.current
    const context = (globals: Globals): Context => ({ instance, identity, session, output: lines, groups, ...globals })
    const resolved = await resolveOr(groups, words, guideOf(instance.settings), async () => {
      about.changes = true
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
      return await perform(command, resolved.words, globals, context(globals), about)
    } catch (error) {
      if (globals.trace && error instanceof Error) lines.warn(error.stack ?? '')
      throw error
    }
  }

  async function perform(
    command: Command<Context, Right>,
    words: string[],
    globals: Globals,
    context: Context,
    about: About,
  ): Promise<number> {
    const { identity } = context
    const nested = context.session.header.nested !== undefined
    about.text = command.name
    about.changes = !onlyLooks(command)
    const concerned = appArg(command)
    // What concerns no app, or all of them, is decided before anything of it is looked at.
    if (concerned === undefined) authorize(identity, command.right, command.name)
    const { args, flags } = await parse(command, words, context, globals.app)
    const value: unknown = concerned === undefined ? undefined : args[concerned]
    // One that may not be seen is like one that is not there.
    const app = value instanceof App ? value : typeof value === 'string' ? maybeSeen(context, value) : undefined
    const name = () => app?.name ?? (typeof value === 'string' ? value : undefined)
    about.app = name()
    about.text = eventText(command, words, { name: name(), byFlag: globals.app !== undefined })
    about.changes = !(command.reads?.({ args, flags }) ?? onlyLooks(command))
    if (concerned !== undefined && !(value === undefined && command.eachApp)) authorize(identity, command.right, command.name, app)
    const run = async () => {
      const status = (await command.run({ args, flags, context })) ?? 0
      const next = status !== 0 || context.quiet || nested ? undefined : command.next?.({ args, flags, context })
      if (next !== undefined) context.output.hint(next)
      return status
    }
    if (!about.changes) return await run()
    const version = () => versionOf(app ?? (typeof value === 'string' ? maybeApp(instance, value) : undefined))
    const before = version()
    try {
      const what = () => ({
        app: name(),
        by: identity.name,
        text: eventText(command, words, { name: name(), byFlag: globals.app !== undefined }),
      })
      return await noted(instance, what, run)
    } finally {
      const after = version()
      if (after !== before) about.release = after
    }
  }
}

/** Whoever may only see may change nothing, as far as a command does not say otherwise. */
function onlyLooks({ right }: Command<Context, Right>): boolean {
  return right === 'none' || right === 'view'
}

/** The argument that says which app a command is about. */
function appArg({ args = {} }: Command<Context, Right>): string | undefined {
  return Object.entries(args).find(([, arg]) => arg.kind !== 'rest' && arg.app)?.[0]
}

function versionOf(app: App | undefined): number | undefined {
  return app !== undefined && isThere(app) ? currentRelease(app)?.version : undefined
}

/** What a line means, or, where we know no such command, the status of a plugin that does. */
async function resolveOr<R>(groups: Context['groups'], words: string[], guide: Guide, fallback: () => Promise<R | undefined>) {
  try {
    return resolve(groups, words, guide)
  } catch (error) {
    const answer = error instanceof UserError && error.code === 'unknown-command' ? await fallback() : undefined
    if (answer !== undefined) return answer
    if (error instanceof UserError && error.code === 'unknown-command') assertNotOld(words.find((word) => !word.startsWith('-')) ?? '')
    throw error
  }
}
