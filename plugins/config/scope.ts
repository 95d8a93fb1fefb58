import { type App, app, boolean, type Context, globalConfig, unless } from 'dokku'

/** The app whose config vars a command is about, or `--global`, those that every app has. */
export const scoped = { app: unless('global', app()) }

export const global = { global: boolean('the config vars that every app has, unless it has one of that name') }
export const merged = { merged: boolean('with the global ones') }

/** What a command was given to say whose config vars it is about. */
interface Scope {
  args: { app: App | undefined }
  flags: { merged?: boolean }
  context: Context
}

/** The config vars that were asked for. */
export function varsOf({ args, flags, context }: Scope): Record<string, string> {
  const everywhere = globalConfig(context.instance)
  if (args.app === undefined) return everywhere
  return flags.merged ? { ...everywhere, ...args.app.config.all() } : args.app.config.all()
}

/** Whose they are, in words. */
export function nameOf(one: App | undefined): string {
  return one?.name ?? 'global'
}
