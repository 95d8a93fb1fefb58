import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readIfThere } from '#lib/files.ts'
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
}

/** Reads what a plugin says about itself and gets its handlers ready; none is called. UserError `bad-plugin`. */
export async function loadPlugin(found: Found, options: LoadOptions): Promise<Plugin> {
  const { name, dir } = found
  const manifest = (await readManifest(dir)) ?? bareManifest
  const settings = settingsOf(name, manifest, options.stored, options.env)
  const readsJson = Object.entries(manifest.hooks).filter(([, { stdin }]) => stdin === 'json')
  const module = options.modules ? await importDefault(join(dir, 'hooks.ts')) : undefined
  return {
    ...found,
    manifest,
    settings,
    responders: [
      ...(module === undefined ? [] : [moduleHooks(name, module as Parameters<typeof moduleHooks>[1], settings)]),
      executables({
        plugin: name,
        dir,
        variables: { ...options.variables, ...variablesOf(settings) },
        readsJson: new Set(readsJson.map(([hook]) => hook)),
        ...(options.foreground ? { foreground: true } : {}),
      }),
    ],
  }
}

/** The default export of a module, or undefined when the file is not there. */
export async function importDefault(path: string): Promise<unknown> {
  if ((await readIfThere(path)) === undefined) return undefined
  const module = (await import(pathToFileURL(path).href)) as { default?: unknown }
  return module.default
}
