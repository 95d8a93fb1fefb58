import { readIfThere } from '#lib/files.ts'
import type { Manifest } from './manifest.ts'
import { isPluginName } from './names.ts'
import { parseToml } from './toml.ts'

/** What stands in for a plugin.toml that is not there. */
export const bareManifest: Manifest = { description: '', version: '', config: {}, compatibility: {}, hooks: {}, commands: {} }

/** The plugin.toml of a folder, or undefined without one; UserError `bad-toml` or `bad-plugin`. */
export async function readManifest(dir: string): Promise<Manifest | undefined> {
  const path = `${dir}/plugin.toml`
  const content = await readIfThere(path)
  if (content === undefined) return undefined
  const table = parseToml(content, path).plugin ?? {}
  // A program that starts for each hook has no time for the schema: its library takes as long to load as Node itself.
  return plainManifest(table) ?? (await import('./manifest.ts')).checkManifest(table, path)
}

/** A table that has only what upstream's have, as a manifest; undefined where the schema is needed to judge. */
export function plainManifest(table: unknown): Manifest | undefined {
  if (!isTable(table)) return undefined
  const { config = {}, compatibility = {}, ...texts } = table
  const plain =
    Object.entries(texts).every(([key, value]) => plainKeys.has(key) && isShort(value)) &&
    (texts.name === undefined || isPluginName(String(texts.name))) &&
    isTable(config) &&
    Object.entries(config).every(([key, value]) => /^[A-Za-z][A-Za-z0-9_-]*$/.test(key) && isShort(value)) &&
    isTable(compatibility) &&
    Object.keys(compatibility).length === 0
  return plain ? { ...bareManifest, ...texts, config: config as Record<string, string> } : undefined
}

const plainKeys = new Set(['name', 'description', 'version', 'maintainer_name', 'maintainer_email', 'website_url'])

function isShort(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 100
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
