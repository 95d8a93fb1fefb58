import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** The files of ours that a program is made of: itself, and whatever it imports from beside it or from lib, types aside. */
export async function programFiles(main: string, found = new Set<string>()): Promise<string[]> {
  found.add(main)
  const source = await readFile(main, 'utf8')
  for (const [, name = ''] of source.matchAll(/^(?:import|export) (?!type ).*? from '((?:\.|#lib)\/[^']+)'|^import '(\.\/[^']+)'/gms)) {
    const path = name.startsWith('#') ? join(root, name.slice(1)) : join(dirname(main), name)
    if (!found.has(path)) await programFiles(path, found)
  }
  return [...found].sort()
}
