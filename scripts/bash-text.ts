/** A Bash script as its style is looked at. */
export interface BashText {
  /** The script, with everything blanked that is no code: comments, what quotes hold, here-documents. Of equal length, line by line. */
  readonly code: string
  /** Places of variables that the shell splits and globs: outside of quotes, in a word of a command. */
  readonly unquoted: readonly number[]
}

/** What stands around a place: code in which words are split, code in which they are not, or a string. */
type Mode = 'words' | 'test' | 'arithmetic' | 'quotes' | 'braces'

const closing: Record<Mode, string> = { words: ')', test: ']]', arithmetic: '))', quotes: '"', braces: '}' }

/** Reads a script by one pass; a rough reader, of what is written rather than of what would run. */
export function readBash(text: string): BashText {
  const code = text.split('')
  const unquoted: number[] = []
  const waiting: { word: string; tabs: boolean }[] = []
  let at = 0
  /** Those that are open in the code that is read now. */
  let brackets = 0

  const blank = (from: number, to: number) => {
    for (let place = from; place < Math.min(to, text.length); place++) if (code[place] !== '\n') code[place] = ' '
  }

  /** Reads to the end of what is open. */
  function read(mode: Mode): void {
    const end = closing[mode]
    const before = brackets
    brackets = 0
    while (at < text.length) {
      const char = text[at] as string
      if (text.startsWith(end, at) && (mode !== 'words' || brackets === 0)) {
        at += end.length
        brackets = before
        return
      }
      one(char, mode)
    }
  }

  function one(char: string, mode: Mode): void {
    const from = at
    const inCode = mode !== 'quotes'
    if (char === '\\') {
      at += 2
      blank(from, at)
    } else if (char === "'" && inCode) {
      at = text.indexOf("'", at + 1) + 1 || text.length + 1
      if (text[from - 1] === '$') at = dollarQuoteEnd(from)
      blank(from, at)
    } else if (char === '"') {
      at++
      read('quotes')
    } else if (char === '$') dollar(mode)
    else if (char === '#' && mode === 'words' && /[\s;(]/.test(text[at - 1] ?? ' ')) {
      at = endOfLine()
      blank(from, at)
    } else if (mode === 'words' && text.startsWith('[[ ', at)) {
      at += 2
      read('test')
    } else if (mode === 'words' && text.startsWith('((', at)) {
      at += 2
      read('arithmetic')
    } else if (mode === 'words' && text.startsWith('<<', at) && !text.startsWith('<<<', at)) hereDocument()
    else if (char === '\n' && waiting.length > 0) skipDocuments()
    else {
      if (mode === 'words') brackets += char === '(' ? 1 : char === ')' ? -1 : 0
      at += text.startsWith('<<<', at) ? 3 : 1
      if (!inCode) blank(from, at)
    }
  }

  /** What begins with a dollar: an expansion, and what of it is code again. */
  function dollar(mode: Mode): void {
    const from = at
    if (text.startsWith('$((', at)) {
      at += 3
      read('arithmetic')
    } else if (text.startsWith('$(', at)) {
      at += 2
      read('words')
      note(from, mode)
    } else if (text.startsWith('${', at)) {
      at += 2
      // Of ${name:+"word"} the whole is one choice: nothing, or the word in its quotes.
      const optional = /^\{\w+(\[[@*]\])?:?\+"/.test(text.slice(from + 1, from + 60))
      const harmless = optional || text[at] === '#'
      read('braces')
      if (!harmless) note(from, mode)
    } else {
      const name = /^\$([A-Za-z_]\w*|[0-9@*])/.exec(text.slice(at, at + 80))
      at += name?.[0].length ?? (/^\$[#?$!-]/.test(text.slice(at, at + 2)) ? 2 : 1)
      if (name !== null) note(from, mode)
    }
    if (mode === 'quotes') blank(from, Math.min(from + 1, at))
  }

  /** Notes an expansion that is split, unless an assignment takes it or `case` looks at it. */
  function note(from: number, mode: Mode): void {
    if (mode !== 'words') return
    const before = text.slice(text.lastIndexOf('\n', from - 1) + 1, from)
    if (/(^|[\s;(])[A-Za-z_]\w*(\[[^\]]*\])?\+?=[^\s"'()]*$/.test(before) || /\bcase $/.test(before) || /<<< ?$/.test(before)) return
    if (/\bfor \w+ in [^;]*$/.test(before) || /(^|[\s;(])[A-Za-z_]\w*\[$/.test(before)) return
    if (/^\s*# shellcheck disable=.*SC20(46|86)/m.test(lineBefore(from))) return
    unquoted.push(from)
  }

  function lineBefore(place: number): string {
    const end = text.lastIndexOf('\n', place - 1)
    return text.slice(text.lastIndexOf('\n', end - 1) + 1, Math.max(end, 0))
  }

  function hereDocument(): void {
    const match = /^<<(-?)\s*(["']?)(\w+)\2/.exec(text.slice(at, at + 80))
    if (match === null) at += 2
    else {
      at += match[0].length
      waiting.push({ word: match[3] as string, tabs: match[1] === '-' })
    }
  }

  function skipDocuments(): void {
    for (const { word, tabs } of waiting.splice(0)) {
      const from = at + 1
      const end = new RegExp(`^${tabs ? '\\t*' : ''}${word}$`, 'm')
      const found = end.exec(text.slice(from))
      at = found === null ? text.length : from + found.index + found[0].length
      blank(from, at)
    }
    if (text[at] === '\n') at++
  }

  function dollarQuoteEnd(from: number): number {
    const match = /'(?:\\.|[^'\\])*'/sy
    match.lastIndex = from
    return match.exec(text) === null ? text.length : match.lastIndex
  }

  function endOfLine(): number {
    const end = text.indexOf('\n', at)
    return end < 0 ? text.length : end
  }

  while (at < text.length) one(text[at] as string, 'words')
  return { code: code.join(''), unquoted }
}
