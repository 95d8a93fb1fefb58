import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { hasCode } from '#lib/errors.ts'
import { sync } from '#lib/files.ts'
import { digest } from './directives.ts'
import type { Front } from './front.ts'
import type { Options } from './options.ts'

/** A file that a site's directives name, by its path in their folder. */
export interface SiteFile {
  readonly path: string
  readonly content: string | Buffer
}

interface Place {
  readonly stateDir: string
}

/** The part of a site that has files. */
interface WithFiles {
  readonly options?: Options
  readonly front?: Front
}

/** The files of a site's options. Pure. */
export function optionFiles({ clientCa }: Options): SiteFile[] {
  return clientCa === undefined ? [] : [{ path: 'client-ca.pem', content: clientCa }]
}

/** The files of what stands in front of a site. Pure. */
export function frontFiles({ maintenance, auth, pages = {} }: Front): SiteFile[] {
  const assets = Object.entries(maintenance?.files ?? {})
  return [
    ...(auth === undefined ? [] : [{ path: 'htpasswd', content: auth.users.map(({ name, hash }) => `${name}:${hash}\n`).join('') }]),
    ...Object.entries(pages).map(([code, content]) => ({ path: `pages/${code}.html`, content })),
    ...(maintenance?.page === undefined ? [] : [{ path: 'maintenance.html', content: maintenance.page }]),
    ...assets.map(([path, base64]) => ({ path: `assets/${path}`, content: Buffer.from(base64, 'base64') })),
  ]
}

/** The folder of files, by what is in them: a change is another folder. Pure. */
export function folderOf(files: readonly SiteFile[], { stateDir }: Place): string {
  return `${stateDir}/fronts/${nameOf(files)}`
}

/** The names of the folders that a site needs, for `sweepFiles`. Pure. */
export function folderNames(site: WithFiles): string[] {
  return sets(site).map(nameOf)
}

/** Writes a site's files, unless they are there: before nginx looks at a configuration that names them. */
export async function keepFiles(site: WithFiles, place: Place): Promise<void> {
  for (const files of sets(site)) await write(files, folderOf(files, place))
}

/** Removes the folders that no site needs any more. */
export async function sweepFiles(names: ReadonlySet<string>, { stateDir }: Place): Promise<void> {
  const found = await readdir(`${stateDir}/fronts`).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  })
  for (const name of found) if (!names.has(name)) await rm(`${stateDir}/fronts/${name}`, { recursive: true, force: true })
}

function sets({ options = {}, front = {} }: WithFiles): SiteFile[][] {
  return [optionFiles(options), frontFiles(front)].filter((files) => files.length > 0)
}

function nameOf(files: readonly SiteFile[]): string {
  return digest(files.map(({ path, content }) => [path, content.toString('base64')]))
}

async function write(files: readonly SiteFile[], dir: string): Promise<void> {
  if (existsSync(dir)) return
  const fresh = `${dir}.new`
  await rm(fresh, { recursive: true, force: true })
  const folders = new Set([fresh])
  // nginx's workers are another user: what a password is compared with and what a page shows is read by them.
  await mkdir(fresh, { recursive: true })
  for (const { path, content } of files) {
    const folder = dirname(`${fresh}/${path}`)
    await mkdir(folder, { recursive: true })
    await writeFile(`${fresh}/${path}`, content, { mode: 0o644, flush: true })
    for (let one = folder; one !== fresh; one = dirname(one)) folders.add(one)
  }
  for (const folder of folders) await sync(folder)
  await rename(fresh, dir)
  await sync(dirname(dir))
}
