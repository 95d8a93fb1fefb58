import { readIfThere } from '#lib/files.ts'
import type { Manifest } from './manifest.ts'
import { parseToml } from './toml.ts'

/** The settings of all plugins as config.toml holds them, by plugin and key. */
export type Stored = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** What stands in a config.toml; a file that is not there holds nothing. UserError `bad-toml`. */
export async function readStored(path: string): Promise<Stored> {
  const tables = parseToml((await readIfThere(path)) ?? '', path)
  return Object.fromEntries(Object.entries(tables).filter((entry): entry is [string, Record<string, unknown>] => isTable(entry[1])))
}

/** A plugin's settings: those that its plugin.toml declares, each from the environment, else from config.toml, else its default. */
export function settingsOf(
  name: string,
  manifest: Pick<Manifest, 'config'>,
  stored: Stored,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const values = Object.entries(manifest.config).map(([key, setting]) => {
    const fallback = typeof setting === 'string' ? undefined : setting.default
    return [key, env[overrideOf(name, key)] ?? text(stored[name]?.[key]) ?? text(fallback) ?? ''] as const
  })
  return Object.fromEntries(values)
}

/** The variables that a plugin's executables get: `CONFIG_KEY`. */
export function variablesOf(settings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [`CONFIG_${upper(key)}`, value]))
}

/** The variable of the caller's environment that overrides a setting: `PLUGIN_KEY`. */
export function overrideOf(plugin: string, key: string): string {
  return `${upper(plugin)}_${upper(key)}`
}

function upper(word: string): string {
  return word.toUpperCase().replaceAll('-', '_')
}

function text(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function isTable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
