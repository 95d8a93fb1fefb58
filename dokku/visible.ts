import { type App, allApps } from './app.ts'
import type { Context } from './context.ts'

/** The apps that lists show to whoever asks: all, or those that every plugin at `user-auth-app` lets them see. */
export async function visibleApps({ instance, identity }: Pick<Context, 'instance' | 'identity'>): Promise<App[]> {
  const all = allApps(instance)
  if (!(await instance.plugins.handles('user-auth-app'))) return all
  const answers = await instance.collect('user-auth-app', { user: 'dokku', key: identity.name, apps: all.map(({ name }) => name) })
  const seen = answers.map((answer) => new Set(Array.isArray(answer) ? answer.map(String) : String(answer).split(/\s+/)))
  // Nobody showed anything: a plugin that refuses all prints nothing.
  if (seen.length === 0) return []
  return all.filter(({ name }) => seen.every((names) => names.has(name)))
}
