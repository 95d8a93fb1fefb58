import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hasCode } from '#lib/errors.ts'
import { readIfThere } from '#lib/files.ts'

/** What plugins may see of an app in files. */
export interface AppView {
  readonly name: string
  readonly config: Readonly<Record<string, string>>
  readonly hosts: readonly string[]
  /** In PEM. */
  readonly certificate?: { readonly chain: string; readonly key: string }
}

/** Where the views are: Dokku's two roots. */
export interface ViewRoots {
  /** A folder for each app; what plugins keep beside the views stays. */
  readonly root: string
  readonly lib: string
}

/** The files that show an app, by their paths, and the folders that are there for plugins to fill. Pure. */
export function appFiles({ root, lib }: ViewRoots, { name, config, hosts }: AppView) {
  const dir = join(root, name)
  const env = lines(Object.entries(config).map(([key, value]) => `export ${key}='${value.replaceAll("'", "'\\''")}'`))
  return {
    folders: [join(dir, 'nginx.conf.d'), join(dir, 'tls')],
    files: { [join(dir, 'ENV')]: env, [join(dir, 'VHOST')]: lines(hosts), [join(lib, 'config', name, 'ENV')]: env },
  }
}

/** Writes the views of an app, each whole and only when it differs. What a plugin writes there changes nothing in dokku. */
export async function writeAppView(roots: ViewRoots, app: AppView): Promise<void> {
  const { folders, files } = appFiles(roots, app)
  for (const folder of folders) await mkdir(folder, { recursive: true })
  for (const [path, text] of Object.entries(files)) await show(path, text)
  // Without a certificate of ours, what a plugin put there is its own.
  const { chain, key } = app.certificate ?? {}
  const tls = join(roots.root, app.name, 'tls')
  if (chain !== undefined) await show(join(tls, 'server.crt'), chain)
  if (key !== undefined) await show(join(tls, 'server.key'), key)
}

/** Removes the view of a certificate that the app does not have any more. */
export async function removeCertificateView({ root }: Pick<ViewRoots, 'root'>, name: string): Promise<void> {
  for (const file of ['server.crt', 'server.key']) await rm(join(root, name, 'tls', file), { force: true })
}

/** Removes the views of an app that is no more, and all that plugins kept beside them. */
export async function removeAppView({ root, lib }: ViewRoots, name: string): Promise<void> {
  await rm(join(root, name), { recursive: true, force: true })
  await rm(join(lib, 'config', name, 'ENV'), { force: true })
  // A plugin of the same name may keep its properties there.
  await rmdir(join(lib, 'config', name)).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error
  })
}

/** Makes all views be those of these apps: at the start, after whatever happened before it. */
export async function writeViews(roots: ViewRoots, domains: readonly string[], apps: readonly AppView[]): Promise<void> {
  for (const app of apps) await writeAppView(roots, app)
  await show(join(roots.root, 'VHOST'), lines(domains))
  const known = new Set(apps.map(({ name }) => name))
  for (const name of await viewed(roots.root)) if (!known.has(name)) await removeAppView(roots, name)
}

/** Writes a file whole, by rename; it is not waited for until it is on the disk, as it can be written again at any time. */
export async function show(path: string, text: string): Promise<void> {
  if ((await readIfThere(path)) === text) return
  await mkdir(dirname(path), { recursive: true })
  const fresh = `${path}.${randomBytes(6).toString('hex')}.new`
  await writeFile(fresh, text, { mode: 0o600 })
  await rename(fresh, path)
}

/** The apps that have views: a folder of somebody else's has no ENV of ours. */
async function viewed(root: string): Promise<string[]> {
  const folders = (await readdir(root, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const found = await Promise.all(folders.map(async (name) => ((await readIfThere(join(root, name, 'ENV'))) === undefined ? [] : [name])))
  return found.flat()
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('')
}
