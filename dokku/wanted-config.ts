import { randomBytes } from 'node:crypto'
import { UserError } from '#lib/errors.ts'
import type { App } from './app.ts'
import type { By } from './by.ts'
import type { Manifest } from './manifest.ts'
import { currentRelease } from './release.ts'

/** Puts what app.json says in `env` into the app's config, before its build. UserError `config-missing` names what nobody gave a value. */
export function storeWanted(app: App, { env = {} }: Pick<Manifest, 'env'>, { output }: By): void {
  const set = wantedConfig(env, app.config.all(), currentRelease(app) === undefined)
  if (set.missing.length > 0)
    throw new UserError(
      'config-missing',
      set.missing
        .map((name) => `app.json wants ${name}${env[name]?.description ? ` (${env[name].description})` : ''}, and it has no value`)
        .join('\n'),
      { hint: `config:set ${app.name} ${set.missing.map((name) => `${name}=VALUE`).join(' ')}` },
    )
  const names = Object.keys(set.config)
  if (names.length === 0) return
  app.config.set(set.config)
  output.detail(`Config from app.json: ${names.join(' ')}`)
}

/** What to set, and what is missing: everything once, before the first deploy; later only what says sync. */
export function wantedConfig(
  env: NonNullable<Manifest['env']>,
  config: Readonly<Record<string, string>>,
  first: boolean,
): { config: Record<string, string>; missing: string[] } {
  const entries = Object.entries(env)
  const set = entries.flatMap(([name, { value, generator, sync }]): [string, string][] => {
    const has = Object.hasOwn(config, name)
    if (value !== undefined) return (sync && config[name] !== value) || (first && !has) ? [[name, value]] : []
    return generator !== undefined && !has && (first || sync) ? [[name, randomBytes(32).toString('hex')]] : []
  })
  const chosen = Object.fromEntries(set)
  const missing = entries.filter(([name, { required }]) => required && !Object.hasOwn(config, name) && !Object.hasOwn(chosen, name))
  return { config: chosen, missing: first ? missing.map(([name]) => name) : missing.filter(([, { sync }]) => sync).map(([name]) => name) }
}
