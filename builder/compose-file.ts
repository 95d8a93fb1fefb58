import { type Document, isNode, LineCounter, parseAllDocuments } from 'yaml'
import { UserError } from '#lib/errors.ts'
import { readInside } from './context.ts'

/** What a Compose file may be called; the first that a tree has counts. */
export const composeNames = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml']
/** What Compose would read as well where it is there. */
const overrides = composeNames.map((name) => name.replace('compose.', 'compose.override.'))

/** Where something stands in a Compose file: keys from the top, such as `services`, `web`, `image`. */
export type Path = readonly (string | number)[]

/** A Compose file that is YAML, whatever it says. */
export interface ComposeFile {
  name: string
  value: unknown
  /** Counted from 1: of the value there, else of what is nearest around it. */
  lineOf(path: Path): number
  /** A Compose file of the tree that is not read. */
  override?: string
}

/** The Compose file of a tree, if it has one. */
export async function findCompose(dir: string): Promise<{ name: string; text: string } | undefined> {
  for (const name of composeNames) {
    const text = await readInside(dir, name)
    if (text !== undefined) return { name, text }
  }
  return undefined
}

/** Reads the Compose file of a tree; UserError `bad-compose` with the line where it is not YAML, or there is none. */
export async function readCompose(dir: string): Promise<ComposeFile> {
  const found = await findCompose(dir)
  if (found === undefined) throw new UserError('bad-compose', `the tree has no ${composeNames[0]}`)
  for (const name of overrides)
    if ((await readInside(dir, name)) !== undefined) return { ...parseCompose(found.name, found.text), override: name }
  return parseCompose(found.name, found.text)
}

/** Parses the text of a Compose file: YAML 1.2 with the merge key `<<`, one document. */
export function parseCompose(name: string, text: string): ComposeFile {
  const lines = new LineCounter()
  const [document, second] = parseAllDocuments(text, { lineCounter: lines, merge: true, prettyErrors: false })
  const lineAt = (offset: number | undefined) => lines.linePos(offset ?? 0).line
  const broken = (line: number, message: string) => new UserError('bad-compose', `${name} line ${line}: ${message}`)
  if (document === undefined || !('contents' in document)) throw broken(1, 'the file is empty')
  if (second !== undefined) throw broken(lineAt(second.range[0]), 'a second document begins here, and a Compose file is one')
  // A tag that is not known is a warning of the parser, and changes what the file means.
  const [problem] = [...document.errors, ...document.warnings]
  if (problem !== undefined) throw broken(lineAt(problem.pos[0]), problem.message)
  return { name, value: plainValue(document, broken), lineOf: (path) => lineAt(offsetOf(document, path)) }
}

function plainValue(document: Document.Parsed, broken: (line: number, message: string) => UserError): unknown {
  try {
    // Few aliases are enough for a file by hand; many of many are how a small file fills the memory.
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw broken(1, (error as Error).message)
  }
}

function offsetOf(document: Document.Parsed, path: Path): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return document.range[0]
}
