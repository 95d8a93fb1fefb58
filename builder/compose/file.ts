import { type Document, isNode, isScalar, LineCounter, parseAllDocuments, visit } from 'yaml'
import { UserError } from '#lib/errors.ts'
import { readInside } from '../buildkit/context.ts'

/** What a Compose file may be called; the first that a tree has counts. */
export const composeNames = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml']
/** What Compose would read as well where it is there. */
const overrides = composeNames.map((name) => name.replace('compose.', 'compose.override.'))

/** In bytes: the parser takes its time for much more, and meanwhile nothing else is done. */
const mostBytes = 128 * 1024

const deep = 'it is nested too deeply'

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
    const text = await readInside(dir, name, mostBytes)
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
  const [document, second] = parseAllDocuments(text, { lineCounter: lines, merge: true, prettyErrors: false, uniqueKeys: false })
  const lineAt = (offset: number | undefined) => lines.linePos(offset ?? 0).line
  const broken = (line: number, message: string) => new UserError('bad-compose', `${name} line ${line}: ${message}`)
  if (document === undefined || !('contents' in document)) throw broken(1, 'the file is empty')
  if (second !== undefined) throw broken(lineAt(second.range[0]), 'a second document begins here, and a Compose file is one')
  // A tag that is not known is a warning of the parser, and changes what the file means.
  const [problem] = [...document.errors, ...document.warnings]
  if (problem !== undefined) throw broken(lineAt(problem.pos[0]), /call stack/.test(problem.message) ? deep : problem.message)
  const twice = tooDeep(broken, () => repeatedKey(document))
  if (twice !== undefined) throw broken(lineAt(twice), 'Map keys must be unique')
  return { name, value: tooDeep(broken, () => plainValue(document, broken)), lineOf: (path) => lineAt(offsetOf(document, path)) }
}

function plainValue(document: Document.Parsed, broken: (line: number, message: string) => UserError): unknown {
  try {
    // Few aliases are enough for a file by hand; many of many are how a small file fills the memory.
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    if (error instanceof RangeError) throw error
    throw broken(1, (error as Error).message)
  }
}

/** Where a key stands that its mapping has already: the parser's own look at that takes minutes for mappings of many. */
function repeatedKey(document: Document.Parsed): number | undefined {
  let found: number | undefined
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>()
      for (const { key } of items) {
        if (!isScalar(key)) continue
        if (seen.has(key.value)) {
          found = key.range?.[0] ?? 0
          return visit.BREAK
        }
        seen.add(key.value)
      }
      return undefined
    },
  })
  return found
}

/** What follows values inward has no more room than the stack; no Compose file that means something needs a hundredth of it. */
function tooDeep<T>(broken: (line: number, message: string) => UserError, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof RangeError ? broken(1, deep) : error
  }
}

function offsetOf(document: Document.Parsed, path: Path): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return document.range[0]
}
