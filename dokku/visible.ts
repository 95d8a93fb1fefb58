import { may, type Right } from './access.ts'
import { type App, allApps, appMissing, maybeApp } from './app.ts'
import type { Context } from './context.ts'
import { checkAppName } from './names.ts'

type Asking = Pick<Context, 'instance' | 'identity'>

/** The apps that lists show to whoever asks: those that they have the right to, as far as every plugin at `user-auth-app` agrees. */
export async function visibleApps({ instance, identity }: Asking, right: Right = 'view'): Promise<App[]> {
  const all = allApps(instance).filter((app) => may(identity, right, app))
  if (!(await instance.plugins.handles('user-auth-app'))) return all
  const answers = await instance.collect('user-auth-app', { user: 'dokku', key: identity.name, apps: all.map(({ name }) => name) })
  const seen = answers.map((answer) => new Set(Array.isArray(answer) ? answer.map(String) : String(answer).split(/\s+/)))
  // Nobody showed anything: a plugin that refuses all prints nothing.
  if (seen.length === 0) return []
  return all.filter(({ name }) => seen.every((names) => names.has(name)))
}

/** The app of this name, unless whoever asks may not see it. */
export function maybeSeen({ instance, identity }: Asking, name: string): App | undefined {
  const app = maybeApp(instance, name)
  return app !== undefined && may(identity, 'view', app) ? app : undefined
}

/** The same; an app that may not be seen is one that does not exist: UserError `app-missing`. */
export function seenApp(context: Asking, name: string): App {
  const app = maybeSeen(context, checkAppName(name))
  if (app !== undefined) return app
  const { instance, identity } = context
  throw appMissing(
    name,
    allApps(instance).filter((one) => may(identity, 'view', one)),
  )
}
