import { boolean, optional } from '#lib/command.ts'
import { messageOf } from '#lib/errors.ts'
import type { App } from './app.ts'
import { type Context, changing } from './context.ts'
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

/** The spec of a command about the site of an app, or of all; its exit status is 1 when some of what it is about is not served. */
export function siteCommand({ act, ...spec }: SiteCommand) {
  return {
    ...spec,
    args: { app: optional(someApp) },
    flags: { all: boolean('every app, as when none is named') },
    examples: [`${spec.name} node-js-app`, `${spec.name} --all`] as [string, string],
    right: 'deploy' as const,
    eachApp: true as const,

    async run({ args, context }: { args: { app: App | undefined }; context: Context }): Promise<number> {
      if (args.app !== undefined) return (await inTurn(args.app, context)).length === 0 ? 0 : 1
      const bad = []
      for (const one of await visibleApps(context, 'deploy')) {
        const unserved = await inTurn(one, context).catch((error: unknown) => {
          context.output.warn(`${one.name}: ${messageOf(error)}`)
          return [one.name]
        })
        bad.push(...unserved)
      }
      return bad.length === 0 ? 0 : 1
    },
  }

  function inTurn(app: App, context: Context): Promise<readonly string[]> {
    return changing(app, context, () => act(app, context))
  }
}
