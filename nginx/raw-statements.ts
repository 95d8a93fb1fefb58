import { UserError } from '#lib/errors.ts'

/** One statement of nginx's language: its words as nginx understands them, where it stands, and what is in its block. */
export interface Statement {
  readonly words: readonly string[]
  /** Did its first word stand as it is, without quotes and backslashes? */
  readonly bare: boolean
  readonly line: number
  readonly start: number
  readonly end: number
  /** Absent for what ends with a semicolon. */
  readonly block?: readonly Statement[]
}

interface Word {
  text: string
  bare: boolean
}

/** Reads nginx's language as nginx itself does. UserError `bad-template` where it would not. */
export function statementsOf(text: string): Statement[] {
  let at = 0

  let counted = { place: 0, line: 1 }
  /** The line of a place that is not before the one asked for last. */
  const lineAt = (place: number) => {
    let { line } = counted
    for (let one = text.indexOf('\n', counted.place); one >= 0 && one < place; one = text.indexOf('\n', one + 1)) line++
    counted = { place, line }
    return line
  }
  const fail = (why: string): never => {
    throw new UserError('bad-template', `line ${lineAt(at)}: ${why}`)
  }

  function blanks(): void {
    for (;;) {
      while (/\s/.test(text.charAt(at))) at++
      if (text[at] !== '#') return
      while (at < text.length && text[at] !== '\n') at++
    }
  }

  function word(): Word {
    const quote = text[at] === '"' || text[at] === "'" ? text.charAt(at++) : ''
    let said = ''
    let bare = quote === ''
    for (; at < text.length; at++) {
      const letter = text.charAt(at)
      if (letter === '\\') {
        bare = false
        const next = text.charAt(++at)
        said += { t: '\t', r: '\r', n: '\n', '"': '"', "'": "'", '\\': '\\' }[next] ?? `\\${next}`
      } else if (letter === quote) {
        at++
        if (!/[\s;{)]/.test(text.charAt(at))) fail('something stands right behind a quote')
        return { text: said, bare }
      } else if (quote === '' && letter === '$' && text[at + 1] === '{') {
        said += '${'
        at++
      } else if (quote === '' && /[\s;{]/.test(letter) && !said.endsWith('${')) return { text: said, bare }
      else said += letter
    }
    return fail('it ends within a word')
  }

  function several(depth: number): Statement[] {
    const found: Statement[] = []
    for (;;) {
      blanks()
      if (at >= text.length) return depth === 0 ? found : fail('a block does not end')
      if (text[at] === '}') return depth > 0 ? found : fail('there is no block to end')
      found.push(statement(depth))
    }
  }

  function statement(depth: number): Statement {
    const start = at
    const line = lineAt(at)
    const words: Word[] = []
    while (!/[;{]/.test(text.charAt(at))) {
      words.push(word())
      blanks()
      if (at >= text.length) fail('a statement does not end')
      if (text[at] === '}') fail('a block ends within a statement')
    }
    const [first] = words
    if (first === undefined) return fail('a statement has no words')
    const said = { words: words.map((one) => one.text), bare: first.bare, line, start }
    if (text[at] === ';') return { ...said, end: ++at }
    if (depth > 10) fail('blocks are too deep')
    at++
    const block = several(depth + 1)
    return { ...said, block, end: ++at }
  }

  return several(0)
}
