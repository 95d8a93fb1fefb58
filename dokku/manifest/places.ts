import { withoutComments } from '#lib/jsonc.ts'

type Path = readonly PropertyKey[]

/** A path as people write it: healthchecks.web[0].timeout. */
export function pathText(path: Path): string {
  return path.map((part, n) => (typeof part === 'number' ? `[${part}]` : `${n === 0 ? '' : '.'}${String(part)}`)).join('')
}

/** Finds the line, from 1, of a value in JSON with comments; of what is not there, that of what it is missing in. */
export function lineFinder(text: string): (path: Path) => number {
  const lines = linesOf(text)
  return (path) => {
    for (let length = path.length; length >= 0; length -= 1) {
      const line = lines.get(pathText(path.slice(0, length)))
      if (line !== undefined) return line
    }
    return 1
  }
}

/** For each value its line, which for a member of an object is that of its key. */
function linesOf(text: string): Map<string, number> {
  const lines = new Map<string, number>()
  const stack: { list: boolean; at: string | number | undefined }[] = []
  const here = () => pathText(stack.flatMap(({ at }) => (at === undefined ? [] : [at])))
  let line = 1
  for (const [token] of withoutComments(text).matchAll(/"(?:[^"\\\n]|\\.)*"|[{}[\]:,\n]|[^\s{}[\]:,"]+/g)) {
    const top = stack.at(-1)
    if (token === '\n') line += 1
    else if (token === '}' || token === ']') stack.pop()
    else if (token === ',') {
      if (top !== undefined) top.at = top.list ? Number(top.at) + 1 : undefined
    } else if (token !== ':') {
      const key = top !== undefined && !top.list && top.at === undefined
      if (key) top.at = JSON.parse(token) as string
      if (!lines.has(here())) lines.set(here(), line)
      if (!key && (token === '{' || token === '[')) stack.push({ list: token === '[', at: token === '[' ? 0 : undefined })
    }
  }
  return lines
}
