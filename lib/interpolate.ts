// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax of variables in Compose files

import { UserError } from './errors.ts'

/** The value of a variable, or undefined where it is not set. */
export type Lookup = (name: string) => string | undefined

type OnMissing = (name: string) => void

/**
 * Puts variables into a text, by the rules of Compose files: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`,
 * `${NAME:?message}`, `${NAME?message}`, `${NAME:+instead}`, `${NAME+instead}`; with the colon an empty value counts as none. `$$` is a
 * dollar. What is not set is empty, and `onMissing` is told. UserError `bad-variable` for a text that breaks them, `variable-missing` for one that `?` asks for.
 * Source: Compose Specification, "Interpolation".
 */
export function interpolate(text: string, lookup: Lookup, onMissing: OnMissing = () => {}): string {
  let result = ''
  for (let at = 0; at < text.length; ) {
    const next = text.indexOf('$', at)
    if (next < 0) return result + text.slice(at)
    result += text.slice(at, next)
    const found = variable(text, next, lookup, onMissing)
    result += found.value
    at = found.end
  }
  return result
}

/** The names of the variables that a text may read; those of defaults too. */
export function variablesIn(text: string): string[] {
  const names = new Set<string>()
  const list = (value: string | undefined) => (name: string) => {
    names.add(name)
    return value
  }
  // Once as if all were set, and once as if none were: each way other parts of the text are read.
  for (const value of ['set', undefined])
    try {
      interpolate(text, list(value))
    } catch (error) {
      if (!(error instanceof UserError) || error.code !== 'variable-missing') throw error
    }
  return [...names]
}

/** Is there anything in a text that `interpolate` would change? */
export function hasVariables(text: string): boolean {
  return text.includes('$')
}

interface Found {
  value: string
  /** Where the text goes on behind it. */
  end: number
}

function variable(text: string, at: number, lookup: Lookup, onMissing: OnMissing): Found {
  if (text[at + 1] === '$') return { value: '$', end: at + 2 }
  const [bare] = /^[A-Za-z_]\w*/.exec(text.slice(at + 1)) ?? []
  if (bare !== undefined) return { value: chosen(bare, '', '', lookup, onMissing), end: at + 1 + bare.length }
  const [head, name, sign = ''] = /^\$\{([A-Za-z_]\w*)(:?[-?+])?/.exec(text.slice(at)) ?? []
  const end = head === undefined ? -1 : close(text, at + head.length)
  if (head === undefined || name === undefined || end < 0 || (sign === '' && end !== at + head.length)) throw broken(text, at)
  const word = text.slice(at + head.length, end)
  return { value: chosen(name, sign, word, lookup, onMissing), end: end + 1 }
}

function chosen(name: string, sign: string, word: string, lookup: Lookup, onMissing: OnMissing): string {
  const value = lookup(name)
  const counts = value !== undefined && !(sign.startsWith(':') && value === '')
  switch (sign.at(-1)) {
    case '-':
      return counts ? value : interpolate(word, lookup, onMissing)
    case '+':
      return counts ? interpolate(word, lookup, onMissing) : ''
    case '?':
      if (counts) return value
      throw new UserError('variable-missing', `${name} is not set${word === '' ? '' : `: ${interpolate(word, lookup, onMissing)}`}`)
    default:
      if (value === undefined) onMissing(name)
      return value ?? ''
  }
}

/** So many variables are in each other's defaults at most: what is read inward has no more room than the stack. */
const deepest = 50

/** Where the brace that is open ends; variables in between have braces of their own. */
function close(text: string, from: number): number {
  let depth = 1
  for (let at = from; at < text.length; at++) {
    if (text.startsWith('$$', at)) at++
    else if (text.startsWith('${', at)) {
      if (++depth > deepest) return -1
      at++
    } else if (text[at] === '}' && --depth === 0) return at
  }
  return -1
}

function broken(text: string, at: number): UserError {
  return new UserError('bad-variable', `${JSON.stringify(text.slice(at, at + 40))} is not a variable`, {
    hint: 'write ${NAME} or ${NAME:-default}, and $$ for a dollar',
  })
}
