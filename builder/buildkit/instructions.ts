/** One instruction of a Dockerfile and the lines it spans. */
export interface Instruction {
  /** Upper case, such as `RUN`. */
  name: string
  /** Index of its first line. */
  first: number
  /** Index of its last line, heredocs included. */
  last: number
}

/** The lines of a Dockerfile, its instructions, and the directives (`# syntax=`, `# escape=`) of its head. */
export interface Dockerfile {
  lines: string[]
  directives: Record<string, string>
  instructions: Instruction[]
}

/** Finds the instructions of a Dockerfile by Docker's rules for continuations, comments in them, and heredocs. It refuses nothing: the engine does. */
export function parseDockerfile(content: string): Dockerfile {
  const lines = content.split('\n')
  const { directives, count } = head(lines)
  const mark = directives.escape === '`' ? '`' : '\\'
  const instructions: Instruction[] = []
  let at = count
  while (at < lines.length) {
    const line = clean(lines[at])
    if (isBlank(line) || isComment(line)) {
      at++
      continue
    }
    const first = at
    let logical = ''
    for (; at < lines.length; at++) {
      const part = clean(lines[at])
      // Inside an instruction, blank lines and comments neither continue nor end it.
      if (at > first && (isBlank(part) || isComment(part))) continue
      const { text, continues } = continuation(part, mark)
      logical += text
      if (!continues) break
    }
    let last = Math.min(at, lines.length - 1)
    const name = /^\s*([a-z]+)/i.exec(logical)?.[1]?.toUpperCase() ?? ''
    if (['RUN', 'COPY', 'ADD', 'ONBUILD'].includes(name)) last = skipHeredocs(lines, last, heredocs(logical))
    instructions.push({ name, first, last })
    at = last + 1
  }
  return { lines, directives, instructions }
}

/** Directives stand before everything else, comments and blank lines included; the first other line ends them. */
function head(lines: string[]): { directives: Record<string, string>; count: number } {
  const directives: Record<string, string> = {}
  let count = 0
  for (const line of lines) {
    const found = /^#\s*([a-z]+)\s*=\s*(\S.*)$/i.exec(clean(line).trimEnd())
    const name = found?.[1]?.toLowerCase()
    if (!found || name === undefined || !['syntax', 'escape', 'check'].includes(name) || Object.hasOwn(directives, name)) break
    directives[name] = found[2] ?? ''
    count++
  }
  return { directives, count }
}

function continuation(line: string, mark: string): { text: string; continues: boolean } {
  // No pattern such as /[ \t]+$/, which takes its time for a line of blanks that ends otherwise.
  let end = line.length
  while (line[end - 1] === ' ' || line[end - 1] === '\t') end--
  const trimmed = line.slice(0, end)
  if (!trimmed.endsWith(mark) || trimmed.endsWith(mark + mark)) return { text: line, continues: false }
  return { text: trimmed.slice(0, -1), continues: true }
}

/** The ends of the heredocs a line opens, in order. Words in quotes open none. */
function heredocs(line: string): { end: string; tabs: boolean }[] {
  const words = line.match(/(?:[^\s"'\\]|\\.|"(?:\\.|[^"\\])*"|'[^']*')+/g) ?? []
  return words.flatMap((word) => {
    const found = /^\d*<<(-?)([^<]+)$/.exec(word)
    return found ? [{ tabs: found[1] === '-', end: (found[2] ?? '').replace(/["'\\]/g, '') }] : []
  })
}

function skipHeredocs(lines: string[], last: number, open: { end: string; tabs: boolean }[]): number {
  let at = last
  for (const { end, tabs } of open) {
    const found = lines.findIndex((line, index) => index > at && (tabs ? clean(line).replace(/^\t+/, '') : clean(line)) === end)
    if (found < 0) return open.length > 0 ? lines.length - 1 : last
    at = found
  }
  return at
}

function clean(line = ''): string {
  return line.replace(/\r$/, '').replace(/^\uFEFF/, '')
}

function isBlank(line: string): boolean {
  return /^\s*$/.test(line)
}

function isComment(line: string): boolean {
  return /^\s*#/.test(line)
}
