import { TemplateError } from './value.ts'

/** A piece of a template: text as it stands, or the tokens of an action between `{{` and `}}`. */
export type Piece = { readonly line: number } & ({ readonly text: string } | { readonly tokens: readonly Token[] })

/** A word of an action. `spaced`: blanks come before it, so that `.A.B` is one operand and `.A .B` are two. */
export interface Token {
  readonly kind: 'name' | 'field' | 'variable' | 'dot' | 'string' | 'number' | 'sign'
  readonly text: string
  readonly spaced: boolean
}

const action = /\{\{(?<before>-(?=\s))?(?:\s*\/\*.*?\*\/\s*?|(?<body>(?:"(?:\\.|[^"\\\n])*"|`[^`]*`|[^"`])*?))(?<after>(?<=\s)-)?\}\}/gsy
const token =
  /(?<blank>\s+)|(?<string>"(?:\\.|[^"\\\n])*"|`[^`]*`)|(?<number>-?\d+(?:\.\d+)?)|(?<variable>\$\w*)|(?<field>\.[A-Za-z_]\w*)|(?<dot>\.)|(?<sign>:=|[()|,=])|(?<name>[A-Za-z_]\w*)/y

/** A template in pieces. TemplateError where an action does not end or cannot be read. */
export function pieces(template: string, name: string): Piece[] {
  const found: Piece[] = []
  let at = 0
  let line = 1
  let trim = false
  while (at < template.length) {
    const open = template.indexOf('{{', at)
    const raw = template.slice(at, open < 0 ? undefined : open)
    const text = trim ? raw.trimStart() : raw
    if (open < 0) {
      found.push({ line, text })
      break
    }
    const start = line + countLines(raw)
    action.lastIndex = open
    const match = action.exec(template)
    if (match === null) throw new TemplateError(`${name}:${start}: an action does not end`)
    const { before, body, after } = match.groups ?? {}
    found.push({ line, text: before === undefined ? text : text.trimEnd() })
    if (body !== undefined) found.push({ line: start, tokens: tokensOf(body, `${name}:${start}`) })
    trim = after !== undefined
    line = start + countLines(match[0])
    at = open + match[0].length
  }
  return found.filter((piece) => 'tokens' in piece || piece.text !== '')
}

function tokensOf(body: string, where: string): Token[] {
  const found: Token[] = []
  let spaced = true
  token.lastIndex = 0
  while (token.lastIndex < body.length) {
    const at = token.lastIndex
    const match = token.exec(body)
    if (match === null) throw new TemplateError(`${where}: ${JSON.stringify(body.slice(at, at + 20))} is not understood`)
    const [kind = '', text = ''] = Object.entries(match.groups ?? {}).find(([, one]) => one !== undefined) ?? []
    if (kind !== 'blank') found.push({ kind: kind as Token['kind'], text: kind === 'string' ? unquoted(text) : text, spaced })
    spaced = kind === 'blank'
  }
  return found
}

function unquoted(text: string): string {
  if (text.startsWith('`')) return text.slice(1, -1)
  const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r' }
  return text.slice(1, -1).replace(/\\(.)/g, (_, one: string) => escapes[one] ?? one)
}

function countLines(text: string): number {
  return text.split('\n').length - 1
}
