import { lstat, readdir, readFile, realpath } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { hasCode } from '#lib/errors.ts'
import { longestAdditions } from '#nginx'
import { byBytes } from '#plugn'

/** A file by the path that it was asked for by. */
export interface SiteFile {
  readonly path: string
  readonly content: Buffer
}

/** Reads regular files, until they are more bytes than the appliance takes of an app. */
export function siteFiles() {
  const files: SiteFile[] = []
  const left: string[] = []
  let bytes = 0

  /** Reads a file, or all that is below a folder; nothing that a link below `root` leads to. Answers what is new. */
  async function read(path: string, root: string, wanted: (name: string) => boolean = () => true): Promise<SiteFile[]> {
    const before = files.length
    const kind = await kindOf(path, root)
    if (kind === 'file') await take(path)
    else if (kind === 'folder')
      for (const name of (await readdir(path)).filter(wanted).sort(byBytes)) await read(join(path, name), root, wanted)
    return files.slice(before)
  }

  async function take(path: string): Promise<void> {
    if (files.some((one) => one.path === path)) return
    const { size } = await lstat(path)
    if (bytes + size > longestAdditions)
      return void left.push(`${path} is left out: nginx gets ${longestAdditions} bytes of an app at most`)
    const content = await readFile(path)
    bytes += content.length
    files.push({ path, content })
  }

  async function kindOf(path: string, root: string): Promise<'file' | 'folder' | undefined> {
    const found = await lstat(path).catch((error: unknown) => {
      if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error
    })
    if (found === undefined) return undefined
    const [real, top] = await Promise.all([realpath(path).catch(() => undefined), realpath(root)])
    if (real === join(top, relative(root, path))) return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : undefined
    left.push(`${path} is left out: it is a link, or behind one`)
    return undefined
  }

  return { files, left, read }
}
