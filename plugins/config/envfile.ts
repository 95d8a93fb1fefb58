import { UserError } from 'dokku'
import { isKey } from './pairs.ts'

/**
 * Reads config vars from an envfile or from JSON, an object or a list of `{ name, value }`: whatever begins with a bracket is JSON.
 * Throws UserError that names the line. A text without any is refused: more often than not a file was missing.
 */
export function readVars(text: string): Record<string, string> {
  const content = text.replace(/^\uFEFF/, '')
  const vars = /^\s*[[{]/.test(content) ? fromJson(content) : fromEnvfile(content)
  if (Object.keys(vars).length === 0) throw new UserError('bad-import', 'there is no config var in it', { hint: shapes })
  return vars
}

/**
 * Lines `KEY=VALUE`, `export` allowed before them; empty lines and those that begin with `#` are skipped. A value in quotes is
 * read as a shell reads it and may go over several lines, with `\n` and `\r` between double quotes as envfiles have them; a bare
 * one ends at the line's end or at a blank and `#`. Nothing expands.
 */
function fromEnvfile(text: string): Record<string, string> {
  const vars: [key: string, value: string][] = []
  let at = 0
  const take = (pattern: RegExp): string[] | null => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found !== null) at = pattern.lastIndex
    return found
  }
  for (;;) {
    take(/(?:\s+|#[^\n]*)*/y)
    if (at >= text.length) return Object.fromEntries(vars)
    const start = at
    const [, key = ''] = take(/(?:export[ \t]+)?([^\s=]+)[ \t]*=/y) ?? []
    if (!isKey(key)) throw badLine(text, start, 'is not KEY=VALUE')
    take(/[ \t]+(?=['"])/y)
    let value = ''
    if (/['"]/.test(text.charAt(at))) {
      for (let piece = take(quoted); piece !== null; piece = take(quoted)) value += unquoted(piece[0] ?? '')
      if (/['"]/.test(text.charAt(at))) throw badLine(text, at, 'opens a quote that nothing closes')
      if (take(/[ \t]*(?:[ \t]#[^\n]*)?(?=\r?\n|$)/y) === null) throw badLine(text, at, `has something after the value of ${key}`)
    } else value = (take(/[^\n]*/y)?.[0] ?? '').replace(/[ \t]#.*$/s, '').trim()
    vars.push([key, value])
  }
}

/** One piece of a quoted value: in single quotes, in double quotes, or one escaped character between such pieces. */
const quoted = /'[^']*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"|\\['"\\]/y

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', '\n': '' }

function unquoted(piece: string): string {
  if (piece.startsWith('\\')) return piece.slice(1)
  const inner = piece.slice(1, -1)
  if (piece.startsWith("'")) return inner
  return inner.replace(/\\([\\"$`!nr\n])/g, (_, character: string) => escapes[character] ?? character)
}

function fromJson(text: string): Record<string, string> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new UserError('bad-import', `this is not JSON: ${(cause as Error).message}`, { cause, hint: shapes })
  }
  const entries: [unknown, unknown][] = Array.isArray(value) ? value.map((one) => [one?.name, one?.value]) : Object.entries(value as object)
  return Object.fromEntries(
    entries.map(([key, one]) => {
      if (typeof key !== 'string' || !isKey(key))
        throw new UserError('bad-import', `${JSON.stringify(key)} is no config key`, { hint: shapes })
      if (typeof one !== 'string') throw new UserError('bad-import', `the value of ${key} is not a string`, { hint: shapes })
      return [key, one]
    }),
  )
}

const shapes = 'an envfile with KEY=VALUE lines, {"KEY": "value"} or [{"name": "KEY", "value": "value"}]'

/** Names the line, and never shows it: it may hold a secret. */
function badLine(text: string, at: number, what: string): UserError {
  return new UserError('bad-import', `line ${text.slice(0, at).split('\n').length} ${what}`, { hint: shapes })
}
