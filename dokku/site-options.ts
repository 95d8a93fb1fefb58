import { z } from 'zod'
import type { Front, Options, WantedSite } from '#nginx'
import type { App } from './app.ts'
import { nginxSettings } from './nginx-settings.ts'

/** The options of an app's site, by what was set for it and for all apps. */
export function optionsOf(app: App): Pick<WantedSite, 'options'> {
  const options = { ...(Object.assign({}, ...parts(app).map((one) => one.options)) as Options), ...hsts(app) }
  return Object.keys(options).length > 0 ? { options } : {}
}

/** What was set of limits and addresses. */
export function limitsOf(app: App): Front {
  const fronts = parts(app).map((one) => one.front)
  const limits = Object.assign({}, ...fronts.map((one) => one?.limits)) as NonNullable<Front['limits']>
  const { limits: _, ...rest } = Object.assign({}, ...fronts) as Front
  // A burst beyond no rate limits nobody.
  return { ...rest, ...(limits.rate === undefined && limits.connections === undefined ? {} : { limits }) }
}

function parts(app: App) {
  const set = settings(app)
  return Object.entries(nginxSettings).map(([name, { read }]) => {
    const value = set.get(name)
    return value === undefined ? {} : read(value)
  })
}

const row = z.object({ name: z.string(), value: z.string() })

/** What was set for an app, else for all of them: two questions, as every site of 1,000 asks them. */
function settings({ instance: { db }, id }: App): Map<string, string> {
  const global = db.all(row, "SELECT name, unseal(value) AS value FROM global_properties WHERE name LIKE 'nginx %'")
  const own = db.all(row, "SELECT name, unseal(value) AS value FROM properties WHERE app_id = ? AND name LIKE 'nginx %'", id)
  return new Map([...global, ...own].map(({ name, value }) => [name.slice('nginx '.length), value]))
}

/** Four settings make one option. */
function hsts(app: App): Options {
  const set = settings(app)
  const names = ['hsts', 'hsts-include-subdomains', 'hsts-max-age', 'hsts-preload']
  const [on, includeSubdomains, maxAge = '15724800', preload] = names.map((name) => set.get(name))
  if (!names.some((name) => set.has(name))) return {}
  if (on === 'false') return { hsts: false }
  return { hsts: { maxAge: Number(maxAge), includeSubdomains: includeSubdomains !== 'false', preload: preload === 'true' } }
}
