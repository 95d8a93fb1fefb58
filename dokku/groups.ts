import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Group } from '#lib/command.ts'
import { readIfThere } from '#lib/files.ts'
import type { Right } from './access.ts'
import type { Context } from './context.ts'
import type { Handlers } from './hooks.ts'

const folder = join(import.meta.dirname, '..', 'plugins')

/** What the plugin folders hold: command groups and hook handlers, in the folders' byte order. */
export interface Plugins {
  groups: Group<Context, Right>[]
  handlers: Handlers[]
}

/** Loads every plugin in `plugins/`: a folder with plugin.toml is one, whoever copied it there. */
export async function loadPlugins(dir = folder): Promise<Plugins> {
  const entries = await readdir(dir, { withFileTypes: true })
  const names = entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map((entry) => entry.name)
    .sort((a, b) => (a < b ? -1 : 1))
  const loaded = await Promise.all(names.map((name) => loadPlugin(join(dir, name))))
  return {
    groups: loaded.flatMap(({ group }) => group ?? []),
    handlers: loaded.flatMap(({ handlers }) => handlers ?? []),
  }
}

/** The command groups alone, for help and the reference pages. */
export async function groups(): Promise<Group<Context, Right>[]> {
  return (await loadPlugins()).groups
}

async function loadPlugin(dir: string): Promise<{ group?: Group<Context, Right>; handlers?: Handlers }> {
  if ((await readIfThere(join(dir, 'plugin.toml'))) === undefined) return {}
  const group = await load<Group<Context, Right>>(join(dir, 'commands.ts'))
  const handlers = await load<Handlers>(join(dir, 'hooks.ts'))
  return { ...(group === undefined ? {} : { group }), ...(handlers === undefined ? {} : { handlers }) }
}

async function load<T>(path: string): Promise<T | undefined> {
  if ((await readIfThere(path)) === undefined) return undefined
  const module = (await import(pathToFileURL(path).href)) as { default: T }
  return module.default
}
