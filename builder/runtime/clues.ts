import { matchesGlob } from 'node:path'
import { parse } from 'smol-toml'
import { UserError } from '#lib/errors.ts'
import { contextPaths, readInside } from '../buildkit/context.ts'
import type { Clue } from './description.ts'

/** What programs write, such as lockfiles, may be long, in bytes; what is longer is there, and says nothing. */
const mostBytes = 16 * 2 ** 20

/** A tree to look for clues in. */
export interface Tree {
  /** Files and directories, parents before children. */
  paths: readonly string[]
  read(path: string): Promise<string | undefined>
}

/** What a clue found, and where. */
export interface Found {
  file: string
  value: string
}

/** A tree on disk; each of its files is read once. */
export async function treeAt(dir: string): Promise<Tree> {
  const texts = new Map<string, Promise<string | undefined>>()
  return {
    paths: await contextPaths(dir),
    read(path) {
      const text = texts.get(path) ?? readInside(dir, path, mostBytes).catch(emptyWhereLarge)
      texts.set(path, text)
      return text
    },
  }
}

function emptyWhereLarge(error: unknown): string {
  if (error instanceof UserError && error.code === 'file-too-large') return ''
  throw error
}

/** Does it hold? What was found, else undefined; where several must hold, what the last one found. */
export async function find(tree: Tree, when: Clue | readonly Clue[] | undefined): Promise<Found | undefined> {
  let last: Found | undefined = { file: '', value: '' }
  for (const clue of [when ?? []].flat()) {
    last = await findOne(tree, clue)
    if (!last) return undefined
  }
  return last
}

/** The first of these that holds. */
export async function findAny<C extends Clue>(tree: Tree, clues: readonly C[] = []): Promise<(Found & { clue: C }) | undefined> {
  for (const clue of clues) {
    const found = await findOne(tree, clue)
    if (found) return { ...found, clue }
  }
  return undefined
}

/** The paths that a pattern names. */
export function pathsLike(tree: Tree, pattern: string): string[] {
  if (!/[*?[{]/.test(pattern)) return tree.paths.includes(pattern) ? [pattern] : []
  return tree.paths.filter((path) => matchesGlob(path, pattern))
}

async function findOne(tree: Tree, clue: Clue): Promise<Found | undefined> {
  for (const file of [clue.file].flat().flatMap((pattern) => pathsLike(tree, pattern))) {
    const text = await tree.read(file)
    const value = text === undefined ? undefined : extract(clue, file, text)
    if (value !== undefined) return clue.not ? undefined : { file, value: clue.is ?? value }
  }
  return clue.not ? { file: '', value: '' } : undefined
}

function extract({ json, toml, pattern }: Clue, file: string, text: string): string | undefined {
  let value: string | undefined = json === undefined && toml === undefined && pattern === undefined ? file : text
  if (json !== undefined) value = valueAt(text, json, JSON.parse)
  if (toml !== undefined) value = valueAt(text, toml, parse)
  if (value === undefined || pattern === undefined) return value
  // Of empty lines one is left: at each of many, a pattern that begins with blanks would look through all that follow.
  const found = new RegExp(pattern, 'm').exec(value.replace(/\n(?:[ \t\r]*\n)+/g, '\n\n'))
  return found ? (found[1] ?? found[0]) : undefined
}

/** The value at a path such as `engines.node`, as text; a file that cannot be parsed has none: its own tool says what is wrong with it. */
function valueAt(text: string, path: string, parser: (text: string) => unknown): string | undefined {
  let value: unknown
  try {
    value = parser(text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = Reflect.get(value, name)
  }
  if (value === undefined || value === null || value === '' || value === false) return undefined
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
