import { boolean, option, optional } from '#lib/command.ts'
import { messageOf } from '#lib/errors.ts'
import type { App } from './app.ts'
import { type Context, changing } from './context.ts'
import { limited } from './locks.ts'
import { parseParallel } from './parallel.ts'
import { someApp } from './report.ts'
import { visibleApps } from './visible.ts'

interface SiteCommand {
  readonly name: string
  readonly summary: string
  readonly description?: string
  readonly aliases?: readonly string[]
  readonly reads?: () => boolean
  /** Answers in words what of the app's site is not served. */
  readonly act: (app: App, context: Context) => Promise<readonly string[]>
}

interface Input {
  args: { app: App | undefined }
  flags: { parallel: number | undefined }
  context: Context
}

/** The spec of a command about the site of an app, or of all; its exit status is 1 when some of what it is about is not served. */
export function siteCommand({ act, ...spec }: SiteCommand) {
  return {
    ...spec,
    args: { app: optional(someApp) },
    flags: {
      all: boolean('every app, as when none is named'),
      parallel: option('COUNT', 'how many apps at once (1); -1 is one for each processor', parseParallel),
    },
    examples: [`${spec.name} node-js-app`, `${spec.name} --all`] as [string, string],
    right: 'deploy' as const,
    eachApp: true as const,

    async run({ args, flags, context }: Input): Promise<number> {
      if (args.app !== undefined) return (await inTurn(args.app, context)).length === 0 ? 0 : 1
      const atMost = limited(flags.parallel ?? 1)
      const one = (app: App) =>
        inTurn(app, context).catch((error: unknown) => {
          context.output.warn(`${app.name}: ${messageOf(error)}`)
          return [app.name]
        })
      const apps = await visibleApps(context, 'deploy')
      const bad = await Promise.all(apps.map((app) => atMost(() => one(app))))
      return bad.flat().length === 0 ? 0 : 1
    },
  }

  function inTurn(app: App, context: Context): Promise<readonly string[]> {
    return changing(app, context, () => act(app, context))
  }
}
