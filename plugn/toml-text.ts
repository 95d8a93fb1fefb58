import { parseToml } from './toml.ts'

/** A statement of a TOML text, by its place in it: a table's header, or a key with its value. */
export interface Statement {
  readonly kind: 'table' | 'array' | 'pair'
  /** From the root of the document. */
  readonly path: readonly string[]
  readonly start: number
  /** Where the value begins and ends; of a header, its own. */
  readonly value: number
  readonly end: number
}

/** The statements of a text that `parseToml` takes; what lies between them is white space and comments. */
export function statements(text: string): Statement[] {
  const found: Statement[] = []
  let table: readonly string[] = []
  for (let at = 0; at < text.length; ) {
    const gap = /^(?:\s|#[^\n]*)+/.exec(text.slice(at))
    if (gap !== null) {
      at += gap[0].length
      continue
    }
    const one = text[at] === '[' ? header(text, at) : pair(text, at, table)
    if (one.kind !== 'pair') table = one.path
    found.push(one)
    at = one.end
  }
  return found
}

function header(text: string, start: number): Statement {
  const brackets = text.startsWith('[[', start) ? 2 : 1
  const { path, end } = keys(text, start + brackets, ']')
  return { kind: brackets === 2 ? 'array' : 'table', path, start, value: start, end: end + brackets }
}

function pair(text: string, start: number, table: readonly string[]): Statement {
  const { path, end: equals } = keys(text, start, '=')
  const value = equals + 1 + (/^[ \t]*/.exec(text.slice(equals + 1))?.[0].length ?? 0)
  return { kind: 'pair', path: [...table, ...path], start, value, end: endOfValue(text, value) }
}

/** The parts of a dotted key, which ends at this character. */
function keys(text: string, start: number, stop: string): { path: string[]; end: number } {
  let end = start
  while (end < text.length && text[end] !== stop) end += quoted(text, end)?.length ?? 1
  // As TOML itself reads them: `a."b.c" = 0` is an object within an object.
  const path: string[] = []
  let inner: unknown = parseToml(`${text.slice(start, end)} = 0`, 'key')
  while (typeof inner === 'object' && inner !== null) {
    const [entry] = Object.entries(inner)
    if (entry === undefined) break
    path.push(entry[0])
    inner = entry[1]
  }
  return { path, end }
}

/** A value ends with its line, but for what is inside of brackets or quotes. */
function endOfValue(text: string, start: number): number {
  let depth = 0
  let end = start
  for (let at = start; at < text.length; ) {
    const character = text.charAt(at)
    const string = quoted(text, at)
    if (string === undefined && depth === 0 && /[\n#]/.test(character)) break
    if ('[{'.includes(character)) depth += 1
    if (']}'.includes(character)) depth -= 1
    if (string === undefined && character === '#') at += /^[^\n]*/.exec(text.slice(at))?.[0].length ?? 1
    else at += string?.length ?? 1
    if (!/\s/.test(character)) end = at
  }
  return end
}

/** The quoted text that begins here, in any of TOML's four forms. */
function quoted(text: string, at: number): string | undefined {
  const rest = text.slice(at)
  const form = /^"""(?:[^\\]|\\[\s\S])*?"""(?!"(?!"))"{0,2}|^'''[\s\S]*?'''(?!'(?!'))'{0,2}|^"(?:[^"\\\n]|\\.)*"|^'[^'\n]*'/.exec(rest)
  return form?.[0]
}
