import type { Dirent } from 'node:fs'
import { lstat, readdir, readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode } from '#lib/errors.ts'
import { readIfThere } from '#lib/files.ts'
import { type Additions, longestAdditions } from '#nginx'
import { byBytes } from '#plugn'

/** Where the texts that plugins want beside an app's server block are, once they have all written theirs. */
export const besideFile = '.nginx.beside'

/** What plugins keep in an app's folder for nginx, and in words what of it is not taken along. */
export interface SiteTexts {
  readonly additions: Additions | undefined | 'kept'
  readonly left: readonly string[]
}

/**
 * Reads an app's folder: the texts of `nginx.conf.d`, those beside the server block, and the files and folders below it that
 * they name. Links, and what is more than the appliance takes, are left out.
 */
export async function readSiteTexts(folder: string): Promise<SiteTexts> {
  const texts = collector(folder)
  const inside = await texts.under('nginx.conf.d', (name) => /^[\w.@+-]+\.conf$/.test(name))
  const beside = (await readIfThere(join(folder, besideFile))) ?? ''
  if (inside.length === 0 && beside.trim() === '') return { additions: undefined, left: texts.left }
  const said = [...inside.map(({ content }) => content.toString()), beside]
  for (const path of new Set(said.flatMap((text) => namedIn(text, folder))))
    if (!path.startsWith('nginx.conf.d')) await texts.under(path, () => true)
  const additions = {
    folders: [folder],
    inside: inside.map(({ path, content }) => ({ path, text: content.toString() })),
    beside: beside.trim() === '' ? [] : [{ path: join(folder, 'nginx.conf'), text: beside }],
    files: texts.files.filter((file) => !inside.includes(file)).map(({ path, content }) => ({ path, base64: content.toString('base64') })),
  }
  return { additions, left: texts.left }
}

/** The files and folders below a folder that a text names; of a name with a variable or a wildcard, the folder before it. Config vars are none of them. Pure. */
export function namedIn(text: string, folder: string): string[] {
  const named = new RegExp(`(?<![\\w./-])${RegExp.escape(folder)}/([^\\s;"'{}]*)`, 'g')
  return [...text.matchAll(named)].flatMap(([, words = '']) => {
    const fixed = /[$*?[]/.test(words) ? words.replace(/[$*?[].*/, '').replace(/[^/]*$/, '') : words
    const path = fixed.replace(/\/+$/, '')
    return path === '' || path === 'ENV' || path.startsWith('.') ? [] : [path]
  })
}

interface Found {
  readonly path: string
  readonly content: Buffer
}

/** Reads regular files below a folder, by the paths that texts name them by, until they are too many bytes. */
function collector(folder: string) {
  const files: Found[] = []
  const left: string[] = []
  let bytes = 0

  async function under(path: string, wanted: (name: string) => boolean): Promise<Found[]> {
    const before = files.length
    const kind = await kindOf(path)
    if (kind === 'file') await read(path)
    else if (kind === 'folder') await readFolder(path, wanted)
    return files.slice(before)
  }

  async function readFolder(path: string, wanted: (name: string) => boolean): Promise<void> {
    const entries: Dirent[] = await readdir(join(folder, path), { withFileTypes: true })
    for (const { name } of entries.sort((a, b) => byBytes(a.name, b.name))) if (wanted(name)) await under(`${path}/${name}`, wanted)
  }

  async function read(path: string): Promise<void> {
    const named = join(folder, path)
    if (files.some((one) => one.path === named)) return
    const { size } = await lstat(named)
    if (bytes + size > longestAdditions)
      return void left.push(`${named} is left out: nginx gets ${longestAdditions} bytes of an app at most`)
    const content = await readFile(named)
    bytes += content.length
    files.push({ path: named, content })
  }

  /** What is at a path, without following a link on the way to it. */
  async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
    const named = join(folder, path)
    try {
      const [found, real, root] = await Promise.all([lstat(named), realpath(named), realpath(folder)])
      if (real === join(root, path)) return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : undefined
    } catch (error) {
      if (hasCode(error, 'ENOTDIR')) return undefined
      if (!hasCode(error, 'ENOENT')) throw error
      if ((await lstat(named).catch(() => undefined)) === undefined) return undefined
    }
    left.push(`${named} is left out: it is a link, or leads out of the app's folder`)
    return undefined
  }

  return { files, left, under }
}
