import { createHmac, randomBytes } from 'node:crypto'
import type { BuildDriver, BuildRequest, Source } from '#builder'
import type { App } from './app.ts'
import { buildAdvice } from './build-advice.ts'
import { buildVarsOf } from './build-choices.ts'
import { type By, heard } from './by.ts'
import { label } from './container.ts'
import { pluginOptions } from './docker-args.ts'
import { dockerOptions, flagsFor } from './docker-options.ts'
import { effectOf } from './flag-effects.ts'
import { imageName } from './instance.ts'
import { registriesOf } from './registry.ts'
import { nextVersion } from './release.ts'

/** What the builder is asked for, for the next version of an app. */
export async function buildRequest(app: App, source: Source, driver: BuildDriver, by: By): Promise<BuildRequest> {
  const { instance } = app
  const { name } = instance.settings
  const version = `v${nextVersion(app)}`
  const limits = await instance.buildLimits
  const options = await buildOptions(app, by, version)
  const env = buildEnv(app, driver)
  return {
    source,
    image: `${imageName(name, app.name)}:${version}`,
    labels: { ...options.Labels, [label.instance]: name, [label.app]: app.name, [label.stage]: 'build', dokku: '' },
    output: by.output,
    advice: buildAdvice(app.name),
    registries: registriesOf(app),
    debian: instance.debian,
    cacheKey: cacheKeyOf(app),
    ...(Object.keys(env).length > 0 && { env, envRevision: revisionOf(app, env) }),
    ...(limits === undefined ? {} : { limits }),
    ...(instance.ca === undefined ? {} : { ca: instance.ca }),
    ...(by.signal === undefined ? {} : { signal: by.signal }),
    ...(options.buildArgs && { buildArgs: options.buildArgs }),
    ...(options.noCache && { noCache: true }),
  }
}

/** What the caches of an app's builds are called: by its number, which no other app ever has. */
export function cacheKeyOf({ instance, id }: App): string {
  return `${instance.settings.name}-${id}`
}

/** What the app's options, and those that plugins add, ask of its build. */
async function buildOptions(app: App, by: By, tag: string) {
  const set = dockerOptions(app)
  const added = await pluginOptions(app, set, { phase: 'build', tag }, heard(by))
  return effectOf(flagsFor([...set, ...added], 'build'))
}

/** The config vars that a build may read: those that were set with --build, or all where its protocol says so. */
function buildEnv(app: App, driver: BuildDriver): Record<string, string> {
  const names = new Set(buildVarsOf(app))
  return Object.fromEntries(Object.entries(app.config.all()).filter(([name]) => driver.readsAllConfig || names.has(name)))
}

/** Tells one set of values from another, and nothing about them: it is seen in the history of the image. */
function revisionOf({ properties }: App, env: Record<string, string>): string {
  const key = properties.get('builder revision-key') ?? randomBytes(16).toString('hex')
  properties.set('builder revision-key', key)
  return createHmac('sha256', key).update(JSON.stringify(env)).digest('hex').slice(0, 16)
}
