import { cp, lstat, mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hasCode } from '#lib/errors.ts'
import { readIfThere } from '#lib/files.ts'
import { appsRoot } from './plugin-environment.ts'

/** Where plugins keep what is for nginx: in the folders of apps, and in folders called like an app below places that nginx knows. */
export const sitePlaces = { home: appsRoot, shared: ['/var/www', '/etc/nginx/http-auth', '/var/lib/dokku/data'] }

/** Where plugins put files of lines that are to run by themselves. */
export const cronFolder = '/etc/cron.d'

const own = join(import.meta.dirname, '..', 'plugins')

/** At the start of control: the folders in which plugins look for Dokku's functions and for those of apps. */
export async function preparePluginFolders(dataDir: string): Promise<void> {
  await keepOnVolume(appsRoot, join(dataDir, 'home'))
  for (const place of ['/var/www', '/etc/nginx/http-auth']) await keepOnVolume(place, join(dataDir, 'nginx', place))
  await keepOnVolume(cronFolder, join(dataDir, 'cron.d'))
  await mkdir(join(appsRoot, '.ssh'), { recursive: true, mode: 0o700 })
  await linkLibrary(own, [join(dataDir, 'core-plugins'), join(dataDir, 'plugins')])
}

/**
 * Links our groups of which plugins source functions into the trees where they look for them: `available` and `enabled` of
 * `core-plugins` and of `plugins`. A plugin that is installed under such a name stays.
 */
export async function linkLibrary(folder: string, trees: readonly string[]): Promise<void> {
  const names = await libraries(folder)
  for (const tree of trees)
    for (const kind of ['available', 'enabled']) {
      await mkdir(join(tree, kind), { recursive: true })
      for (const name of names) await link(join(folder, name), join(tree, kind, name), tree)
    }
}

/** Is this entry of a tree one of those links, rather than a plugin that was installed? */
export async function isLibrary(entry: string, folder = own): Promise<boolean> {
  const target = await targetOf(entry)
  return target !== undefined && dirname(target) === folder
}

/** Makes a folder of the container one of the volume: what is kept there outlives the container. What the image has in it comes along. */
export async function keepOnVolume(folder: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true })
  if ((await targetOf(folder)) === target) return
  if (await isThere(folder)) await cp(folder, target, { recursive: true, force: false })
  await rm(folder, { recursive: true, force: true })
  await symlink(target, folder)
}

/** The groups that have a file `functions`. */
async function libraries(folder: string): Promise<string[]> {
  const names = await readdir(folder)
  const texts = await Promise.all(names.map((name) => readIfThere(join(folder, name, 'functions'))))
  return names.filter((_, at) => texts[at] !== undefined).sort()
}

/** Makes a link, in place of one that leads out of the tree; whatever else has the name stays. */
async function link(target: string, path: string, tree: string): Promise<void> {
  const now = await targetOf(path)
  if (now === target || now?.startsWith(`${tree}/`) || (now === undefined && (await isThere(path)))) return
  const fresh = join(tree, `.${process.pid}.link`)
  await rm(fresh, { force: true })
  await symlink(target, fresh)
  await rename(fresh, path)
}

/** Where a link leads; undefined for what is none. */
async function targetOf(path: string): Promise<string | undefined> {
  try {
    return await readlink(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EINVAL')) return undefined
    throw error
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}
