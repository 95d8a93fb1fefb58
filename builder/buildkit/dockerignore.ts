import { posix } from 'node:path'

/** One line of a .dockerignore file. */
export interface Pattern {
  /** `!pattern`: what matches is kept after all. */
  negated: boolean
  tokens: Token[]
}

type Token = { kind: 'one'; accepts: (character: string) => boolean } | { kind: 'star' | 'stars' | 'directories' }

/** The patterns of a .dockerignore file in order; the last one that matches a path decides. */
export function parseDockerignore(content: string): Pattern[] {
  return content
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim())
    .flatMap((line) => {
      const negated = line.startsWith('!')
      const pattern = posix
        .normalize((negated ? line.slice(1) : line).trim())
        .replace(/^\/+/, '')
        .replace(/\/$/, '')
      // `.` is what Docker's clean-up makes of an empty pattern: it matches nothing.
      return pattern === '' || pattern === '.' ? [] : [{ negated, tokens: tokenize(pattern) }]
    })
}

/**
 * Which patterns match a path or one of its parents, given what they said of the parent.
 * Docker's rule: a pattern that matches a directory matches everything in it.
 */
export function matches(patterns: readonly Pattern[], path: string, parent: readonly boolean[] = []): boolean[] {
  return patterns.map((pattern, index) => parent[index] || accepts(pattern.tokens, path))
}

/** Is a path with these matches left out? */
export function isIgnored(patterns: readonly Pattern[], matched: readonly boolean[]): boolean {
  const last = matched.lastIndexOf(true)
  return last >= 0 && patterns[last]?.negated === false
}

/** Go's filepath.Match with `**`, as tokens. */
function tokenize(pattern: string): Token[] {
  const tokens: Token[] = []
  const characters = [...pattern]
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? ''
    if (character === '*' && characters[at + 1] === '*') {
      at++
      if (characters[at + 1] === '/') {
        at++
        tokens.push({ kind: 'directories' })
      } else tokens.push({ kind: 'stars' })
    } else if (character === '*') tokens.push({ kind: 'star' })
    else if (character === '?') tokens.push({ kind: 'one', accepts: (one) => one !== '/' })
    else if (character === '[' && characters.indexOf(']', at + 2) > 0) {
      const end = characters.indexOf(']', at + 2)
      tokens.push({ kind: 'one', accepts: characterClass(characters.slice(at + 1, end)) })
      at = end
    } else {
      const literal = character === '\\' ? (characters[++at] ?? '\\') : character
      tokens.push({ kind: 'one', accepts: (one) => one === literal })
    }
  }
  return tokens
}

function characterClass(inner: string[]): (character: string) => boolean {
  const negated = inner[0] === '^'
  const members = negated ? inner.slice(1) : inner
  const ranges: [string, string][] = []
  for (let at = 0; at < members.length; at++) {
    const from = members[at] ?? ''
    const range = members[at + 1] === '-' && at + 2 < members.length
    ranges.push([from, range ? (members[at + 2] ?? from) : from])
    if (range) at += 2
  }
  return (one) => one !== '/' && negated !== ranges.some(([from, to]) => from <= one && one <= to)
}

/** Follows all ways through the pattern at once, so no pattern can take more than length times length steps. */
function accepts(tokens: readonly Token[], path: string): boolean {
  let states = closure(tokens, new Set([0]), true)
  for (const character of path) {
    const next = new Set<number>()
    for (const state of states) {
      const token = tokens[state]
      if (token?.kind === 'one' && token.accepts(character)) next.add(state + 1)
      else if (token?.kind === 'star' && character !== '/') next.add(state)
      else if (token?.kind === 'stars' || token?.kind === 'directories') next.add(state)
    }
    states = closure(tokens, next, character === '/')
    if (states.size === 0) return false
  }
  return states.has(tokens.length)
}

/** Wildcards may match nothing; `**` with a slash ends only at the start of a name. */
function closure(tokens: readonly Token[], states: Set<number>, atName: boolean): Set<number> {
  for (const state of states) {
    const kind = tokens[state]?.kind
    if (kind === 'star' || kind === 'stars' || (kind === 'directories' && atName)) states.add(state + 1)
  }
  return states
}
