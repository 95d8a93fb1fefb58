import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Group } from '#lib/command.ts'
import { messageOf } from '#lib/errors.ts'
import {
  byBytes,
  type Dispatch,
  dispatch,
  importDefault,
  type LoadOptions,
  loadPlugin,
  type Plugin,
  readStored,
  type Store,
  silent,
} from '#plugn'
import type { Right } from './access.ts'
import type { Context } from './context.ts'
import { type Hooks, hooks } from './hooks.ts'
import { type PluginEnvironment, pluginGroup } from './plugin-command.ts'
import { isLibrary } from './plugin-library.ts'

/** The plugins of the image: the ones that are loaded into this process. */
export const ownFolder = join(import.meta.dirname, '..', 'plugins')

/** All plugins in use, with the commands and handlers they bring. */
export interface Plugins {
  /** Those of the image, then those that somebody installed; each in byte order. */
  readonly all: readonly Plugin[]
  readonly groups: readonly Group<Context, Right>[]
  readonly hooks: Dispatch<Hooks>
}

export interface Installed {
  readonly store: Store
  readonly environment: PluginEnvironment
  /** As whom a plugin runs that says what it needs. */
  readonly confine: NonNullable<LoadOptions['confine']>
  /** Is told why a plugin is not used. */
  readonly warn: (text: string) => void
}

/** Loads the plugins of the image, and those that are installed and enabled. One that is not fit is left out and said; it holds up nobody. */
export async function loadPlugins(installed?: Installed): Promise<Plugins> {
  const ours = await ownPlugins()
  const theirs = installed === undefined ? [] : await installedPlugins(installed)
  const all = [...ours.map(({ plugin }) => plugin), ...theirs.map(({ plugin }) => plugin)]
  const groups = [...ours, ...theirs].flatMap(({ group }) => group ?? [])
  return {
    all,
    groups: merged(groups),
    hooks: dispatch(
      hooks,
      all.flatMap(({ responders }) => responders),
      silent(),
    ),
  }
}

/** The command groups of the image alone, for help and the reference pages. */
export async function groups(): Promise<readonly Group<Context, Right>[]> {
  return (await loadPlugins()).groups
}

/** Every folder in `plugins/` with a plugin.toml, whoever copied it there. */
async function ownPlugins() {
  const entries = await readdir(ownFolder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map(({ name }) => name)
  return await Promise.all(
    names.sort(byBytes).map(async (name) => {
      const dir = join(ownFolder, name)
      const plugin = await loadPlugin({ name, dir, enabled: true }, { stored: {}, env: {}, modules: true })
      const group = (await importDefault(join(dir, 'commands.ts'))) as Group<Context, Right> | undefined
      return { plugin, group }
    }),
  )
}

async function installedPlugins({ store: { listEnabled, config }, environment, confine, warn }: Installed) {
  const stored = await readStored(config).catch((error: unknown) => {
    warn(messageOf(error))
    return {}
  })
  const loaded = await Promise.all(
    (await listEnabled()).map(async (found) => {
      if (await isLibrary(found.dir)) return []
      try {
        const plugin = await loadPlugin(found, { stored, env: {}, modules: false, resident: environment(), confine, log: warn })
        return [{ plugin, group: await pluginGroup(plugin, environment) }]
      } catch (error) {
        warn(`the plugin ${found.name} is left out: ${messageOf(error)}`)
        return []
      }
    }),
  )
  return loaded.flat()
}

/** Groups of one name become one; of two commands of one name, that of the image stays. */
function merged(groups: readonly Group<Context, Right>[]): Group<Context, Right>[] {
  const seen = new Set<string>()
  const byName = new Map<string, Group<Context, Right>>()
  for (const { name, summary, commands } of groups) {
    const fresh = commands.filter((one) => !seen.has(one.name))
    for (const one of fresh) seen.add(one.name)
    const before = byName.get(name)
    byName.set(name, before === undefined ? { name, summary, commands: fresh } : { ...before, commands: [...before.commands, ...fresh] })
  }
  return [...byName.values()]
}
