import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readIfThere } from '#lib/files.ts'
import { type Confinement, mayHandle, passed } from './confine.ts'
import { executables } from './executable.ts'
import type { Manifest } from './manifest.ts'
import { moduleHooks } from './module.ts'
import { bareManifest, readManifest } from './read-manifest.ts'
import type { Responder } from './responder.ts'
import { type Stored, settingsOf, variablesOf } from './settings.ts'
import type { Found } from './store.ts'

/** A plugin as a host uses it. */
export interface Plugin extends Found {
  /** An empty one stands in for a plugin.toml that is not there. */
  readonly manifest: Manifest
  readonly settings: Readonly<Record<string, string>>
  /** What handles its hooks, in the order in which they are asked. */
  readonly responders: readonly Responder[]
}

export interface LoadOptions {
  readonly stored: Stored
  readonly env: Readonly<Record<string, string | undefined>>
  /** Loads `hooks.ts` into this process. Plugins of strangers stay outside. */
  readonly modules: boolean
  /** What every executable of a plugin gets in addition, such as where plugn is. */
  readonly variables?: Readonly<Record<string, string>>
  /** Keeps the caller's terminal. */
  readonly foreground?: boolean
  /** As whom a plugin runs that says what it needs; without this, as we do. */
  readonly confine?: (name: string, manifest: Manifest) => Promise<Confinement | undefined>
  /** The environment of processes that stay, and are not confined; default: `env`. */
  readonly resident?: Variables
  /** Is told what processes that stay say by themselves. */
  readonly log?: (text: string) => void
}

/** Reads what a plugin says about itself and gets its handlers ready; none is called. UserError `bad-plugin`. */
export async function loadPlugin(found: Found, options: LoadOptions): Promise<Plugin> {
  const { name, dir } = found
  const manifest = (await readManifest(dir)) ?? bareManifest
  const settings = settingsOf(name, manifest, options.stored, options.env)
  const readsJson = Object.entries(manifest.hooks).filter(([, { stdin }]) => stdin === 'json')
  const confined = await options.confine?.(name, manifest)
  // A function would have all that this process has.
  const module = options.modules && confined === undefined ? await importDefault(join(dir, 'hooks.ts')) : undefined
  const variables = { ...options.variables, ...variablesOf(settings) }
  const limits = confined && { as: confined, envOf: (env: Variables) => ({ ...confined.env, ...passed(env, confined.passes) }) }
  const responders = [
    ...(module === undefined ? [] : [moduleHooks(name, module as Parameters<typeof moduleHooks>[1], settings)]),
    ...(await processes(found, manifest, settings, { ...options, variables }, limits)),
    executables({
      plugin: name,
      dir,
      variables,
      readsJson: new Set(readsJson.map(([hook]) => hook)),
      ...(options.foreground ? { foreground: true } : {}),
      ...limits,
    }),
  ]
  return { ...found, manifest, settings, responders: responders.map((one) => onlyDeclared(one, manifest)) }
}

type Variables = Readonly<Record<string, string>>

interface ProcessLimits {
  readonly as: Confinement
  readonly envOf: (env: Variables) => Variables
}

/** Those of a plugin's handlers that are processes with a life of their own. Most plugins have none, and load nothing for them. */
async function processes(
  { name, dir }: Found,
  { daemon, external }: Manifest,
  config: Variables,
  { env, resident, variables, log = () => undefined }: LoadOptions,
  limits: ProcessLimits | undefined,
): Promise<Responder[]> {
  const responders: Responder[] = []
  if (daemon !== undefined) {
    const { residentHooks } = await import('./resident.ts')
    const own = limits?.as.env ?? resident ?? passed(env, Object.keys(env))
    responders.push(residentHooks({ plugin: name, dir, ...daemon, config, env: { ...own, ...variables }, log, ...limits }))
  }
  if (external !== undefined) {
    const { externalHooks } = await import('./external.ts')
    const { address, hooks, token, fingerprint } = external
    const ca = external.ca === undefined ? undefined : await readIfThere(join(dir, external.ca))
    responders.push(externalHooks({ plugin: name, address, hooks, config, token: token && config[token], ca, fingerprint }))
  }
  return responders
}

/** A plugin that lists the hooks it needs is not called for others; its commands are no hooks. */
function onlyDeclared(one: Responder, manifest: Manifest): Responder {
  if (manifest.needs?.hooks === undefined) return one
  const handles: Responder['handles'] = (hook) => (mayHandle(manifest, hook) || hook.includes('/') ? one.handles(hook) : false)
  return { ...one, handles }
}

/** The default export of a module, or undefined when the file is not there. */
export async function importDefault(path: string): Promise<unknown> {
  if ((await readIfThere(path)) === undefined) return undefined
  const module = (await import(pathToFileURL(path).href)) as { default?: unknown }
  return module.default
}
