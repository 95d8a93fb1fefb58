import { treeRefused } from './document.ts'

/**
 * The words of a string as nginx reads them, each as it is written. What would end the directive that it is in is refused: `;`, a
 * brace, a comment, a last backslash or an open quote outside of quotes, and control characters anywhere.
 */
export function wordsOf(text: string, where: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it tests for
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(text))
    throw treeRefused(`${where}: a newline or another control character has no place in a directive`)
  const words: string[] = []
  let at = 0
  while (at < text.length) {
    if (/[ \t]/.test(text[at] ?? '')) {
      at++
      continue
    }
    const end = /["']/.test(text[at] ?? '') ? quotedEnd(text, at, where) : plainEnd(text, at, where)
    words.push(text.slice(at, end))
    at = end
  }
  return words
}

/** A word as nginx understands it: without its quotes, and with what a backslash stands for. */
export function meaning(word: string): string {
  const inner = /^(["']).*\1$/s.test(word) && word.length > 1 ? word.slice(1, -1) : word
  return inner.replace(/\\(["'\\ntr])/g, (_, letter: string) => escapes[letter] ?? letter)
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }

/** Behind the quote that closes the one at `start`; what follows must be apart, or the bracket of an `if`. */
function quotedEnd(text: string, start: number, where: string): number {
  const quote = text[start]
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === quote) {
      const next = text[at + 1]
      if (next !== undefined && !/[ \t)]/.test(next)) throw treeRefused(`${where}: after a closing ${quote} comes a blank, not ${next}`)
      return at + 1
    }
  }
  throw treeRefused(`${where}: a ${quote} is not closed`)
}

function plainEnd(text: string, start: number, where: string): number {
  if (text[start] === '#') throw treeRefused(`${where}: # begins a comment`, quoteIt(text))
  let at = start
  while (at < text.length && !/[ \t]/.test(text[at] ?? '')) {
    const variable = /^\$\{\w+\}/.exec(text.slice(at))?.[0]
    const letter = text[at] ?? ''
    if (variable === undefined && /[;{}]/.test(letter)) throw treeRefused(`${where}: ${letter} would end the directive`, quoteIt(text))
    if (letter === '\\' && at + 1 === text.length) throw treeRefused(`${where}: a last backslash would take the end of the directive`)
    at += variable?.length ?? (letter === '\\' ? 2 : 1)
  }
  return at
}

function quoteIt(text: string): string {
  return `what belongs to a word goes into quotes of nginx's: ${JSON.stringify(`"${text.replace(/(["\\])/g, '\\$1')}"`)}`
}
