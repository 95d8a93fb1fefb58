import { lstat, mkdir, open, readdir, readlink, realpath, rename, rm, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { hasCode, UserError } from '#lib/errors.ts'
import { exclusively } from './exclusive.ts'
import { byBytes, checkPluginName, isPluginName } from './names.ts'

/** A plugin that is there: its folder, and whether it is enabled. */
export interface Found {
  readonly name: string
  readonly dir: string
  readonly enabled: boolean
}

/** The folders of a host's plugins: `available/NAME`, `enabled/NAME` as links to them, and `config.toml`. */
export type Store = ReturnType<typeof store>

/** The plugins below this path, which is $PLUGIN_PATH. */
export function store(path: string) {
  const root = resolve(path)
  const available = join(root, 'available')
  const enabled = join(root, 'enabled')
  const config = join(root, 'config.toml')

  return {
    root,
    available,
    enabled,
    config,

    /** Makes what is missing, and changes nothing that is there. */
    async init(): Promise<void> {
      for (const dir of [available, enabled]) await mkdir(dir, { recursive: true })
      // Settings may be secrets.
      await (await open(config, 'a', 0o600)).close()
    },

    /** All plugins there are, in byte order. */
    async list(): Promise<Found[]> {
      const on = new Set(await names(enabled))
      return (await names(available)).map((name) => ({ name, dir: join(available, name), enabled: on.has(name) }))
    },

    /** Those that are enabled, in the order in which their hooks run. A link that leads nowhere is passed over. */
    async listEnabled(): Promise<Found[]> {
      const found = await Promise.all((await names(enabled)).map(async (name) => ((await isFolder(join(enabled, name))) ? [name] : [])))
      return found.flat().map((name) => ({ name, dir: join(enabled, name), enabled: true }))
    },

    /** The folder of a plugin; UserError `no-such-plugin`. */
    async find(name: string): Promise<string> {
      const dir = join(available, checkPluginName(name))
      if (await isFolder(dir)) return dir
      throw noSuchPlugin(name)
    },

    /** Enables a plugin; a link that is there already is replaced in one step. */
    async enable(name: string): Promise<void> {
      const target = join(available, checkPluginName(name))
      const link = join(enabled, name)
      await exclusively(root, async () => {
        if ((await readlink(link).catch(() => undefined)) === target) return
        if ((await kindOf(link)) === 'other') throw new UserError('not-a-link', `${link} is no link of plugn’s, and stays as it is`)
        const fresh = join(root, `.${name}.new`)
        await rm(fresh, { force: true })
        await symlink(target, fresh)
        await rename(fresh, link)
      })
    },

    /** Disables a plugin; UserError `not-enabled`. */
    async disable(name: string): Promise<void> {
      const link = join(enabled, checkPluginName(name))
      await exclusively(root, async () => {
        if ((await kindOf(link)) !== 'link') throw new UserError('not-enabled', `the plugin ${name} is not enabled`)
        await rm(link)
      })
    },
  }
}

/** UserError `no-such-plugin`. */
export function noSuchPlugin(name: string): UserError {
  return new UserError('no-such-plugin', `there is no plugin ${name}`, { hint: 'plugn list shows those that are there' })
}

async function names(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir)).filter(isPluginName).sort(byBytes)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}

async function kindOf(path: string): Promise<'link' | 'other' | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? 'link' : 'other'
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await lstat(await realpath(path))).isDirectory()
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return false
    throw error
  }
}
