import { UserError } from './errors.ts'

/**
 * Splits a line into words as a POSIX shell would, but expands nothing: quotes and backslashes group and escape, everything else
 * (`$`, `*`, `;`, `|`, `#`, `~`) is an ordinary character. Source: POSIX Shell Command Language, section 2.2 (Quoting).
 * Throws UserError `unbalanced-quotes`.
 */
export function parseWords(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < line.length; ) {
    const character = line.charAt(at)
    if (blank.has(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
      at += 1
    } else if (line.startsWith('\\\n', at)) {
      // A line continued: both characters vanish, and no word begins.
      at += 2
    } else {
      const piece =
        character === "'"
          ? single(line, at)
          : character === '"'
            ? double(line, at)
            : character === '\\'
              ? escaped(line, at)
              : bare(line, at)
      word = (word ?? '') + piece.text
      at = piece.end
    }
  }
  if (word !== undefined) words.push(word)
  return words
}

/** Quotes a word so that `parseWords`, and any POSIX shell, gives it back byte for byte. */
export function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** A command line that can be pasted into a shell. */
export function quoteWords(words: readonly string[]): string {
  return words.map(quoteWord).join(' ')
}

interface Piece {
  text: string
  /** Where the line goes on after it. */
  end: number
}

const blank = new Set([' ', '\t', '\n'])

function bare(line: string, start: number): Piece {
  let end = start
  while (end < line.length && !/[ \t\n'"\\]/.test(line.charAt(end))) end += 1
  return { text: line.slice(start, end), end }
}

function escaped(line: string, start: number): Piece {
  if (start + 1 >= line.length) throw unbalanced('a backslash', start)
  return { text: line.charAt(start + 1), end: start + 2 }
}

function single(line: string, start: number): Piece {
  const close = line.indexOf("'", start + 1)
  if (close < 0) throw unbalanced('a single quote', start)
  return { text: line.slice(start + 1, close), end: close + 1 }
}

function double(line: string, start: number): Piece {
  let text = ''
  for (let at = start + 1; at < line.length; at += 1) {
    const character = line.charAt(at)
    if (character === '"') return { text, end: at + 1 }
    const next = line.charAt(at + 1)
    // Between double quotes a backslash escapes only these; before anything else it stands for itself.
    if (character === '\\' && next !== '' && '$`"\\\n'.includes(next)) {
      if (next !== '\n') text += next
      at += 1
    } else text += character
  }
  throw unbalanced('a double quote', start)
}

function unbalanced(what: string, at: number): UserError {
  return new UserError('unbalanced-quotes', `${what} at character ${at + 1} of the command has no partner`, {
    hint: `quote the whole command for your own shell as well: ssh dokku@host "config:set app 'KEY=two words'"`,
  })
}
