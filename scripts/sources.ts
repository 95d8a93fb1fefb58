import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

/** The checkout. */
export const root = join(import.meta.dirname, '..')

const skipped = new Set(['node_modules', '.git', '.dokku', '.compile-cache'])

/** Paths of all files of the project relative to its root, in byte order; sample apps are not ours to judge. */
export async function files(dir = root): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name)
    if (skipped.has(entry.name) || relative(root, path) === join('tests', 'apps')) continue
    if (entry.isDirectory()) found.push(...(await files(path)))
    else if (entry.isFile()) found.push(relative(root, path))
  }
  return found.toSorted()
}

/** Is it a test, or something only tests use? */
export function isTest(path: string): boolean {
  return path.startsWith('tests/') || /\.(test|contract)\.ts$|(^|\/)(conformance|fixtures)\.ts$/.test(path)
}

export interface Source {
  readonly path: string
  readonly text: string
}

/** The files that are program text: known extensions, and scripts by their first line. */
export async function sources(): Promise<Source[]> {
  const texts = await Promise.all((await files()).map(async (path) => ({ path, text: await readFile(join(root, path), 'utf8') })))
  return texts.filter(({ path, text }) => /\.(ts|sh|bash|c|h|lua|sql)$/.test(path) || (!/\.\w+$/.test(path) && text.startsWith('#!')))
}
