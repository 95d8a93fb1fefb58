import { pieces, type Token } from './tokens.ts'
import { TemplateError, type Value } from './value.ts'

/** One thing that stands for a value, with the fields that are taken of it. */
export interface Operand {
  readonly of: { readonly value: Value } | { readonly variable: string } | { readonly call: string } | { readonly inner: Pipeline } | 'dot'
  readonly fields: readonly string[]
}

/** What is between two bars: a function and its arguments, or a value alone. */
export type Step = readonly [Operand, ...Operand[]]

export interface Pipeline {
  /** The variables that take the value: one, or of `range` the place and the value. */
  readonly variables: readonly string[]
  /** Are they new, or do they exist? */
  readonly fresh: boolean
  readonly steps: readonly Step[]
}

export type Node = { readonly line: number } & (
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipeline: Pipeline }
  | { readonly kind: 'leave'; readonly how: 'break' | 'continue' }
  | {
      readonly kind: 'if' | 'range' | 'with'
      readonly pipeline: Pipeline
      readonly body: readonly Node[]
      readonly otherwise: readonly Node[]
    }
)

const blocks = new Set(['if', 'range', 'with'])

/** A template as a tree. TemplateError says the line of what is wrong. */
export function parse(template: string, name: string): Node[] {
  const left = pieces(template, name)
  const fail = (line: number, why: string): never => {
    throw new TemplateError(`${name}:${line}: ${why}`)
  }

  /** The nodes up to the `else` or `end` of the block that is open, and the tokens of that. */
  function nodes(opened?: number): { found: Node[]; closing: readonly Token[]; line: number } {
    const found: Node[] = []
    for (let piece = left.shift(); piece !== undefined; piece = left.shift()) {
      const { line } = piece
      if ('text' in piece) {
        found.push({ line, kind: 'text', text: piece.text })
        continue
      }
      const [first, ...rest] = piece.tokens
      const word = first?.kind === 'name' ? first.text : ''
      if (word === 'end' || word === 'else') {
        if (opened === undefined) fail(line, `${word} without if, range or with`)
        return { found, closing: piece.tokens, line }
      }
      if (['define', 'template', 'block'].includes(word)) fail(line, `${word} is not supported`)
      if (word === 'break' || word === 'continue') found.push({ line, kind: 'leave', how: word })
      else if (blocks.has(word)) found.push(block(word as 'if', rest, line))
      else found.push({ line, kind: 'print', pipeline: pipelineOf(piece.tokens, line) })
    }
    if (opened !== undefined) fail(opened, 'a block does not end')
    return { found, closing: [], line: 0 }
  }

  function block(kind: 'if' | 'range' | 'with', tokens: readonly Token[], line: number): Node {
    const pipeline = pipelineOf(tokens, line)
    const { found: body, closing, line: at } = nodes(line)
    const [word, next, ...rest] = closing
    if (word?.text !== 'else') return { line, kind, pipeline, body, otherwise: [] }
    if (next === undefined) {
      const { found: otherwise, closing: last, line: there } = nodes(line)
      if (last[0]?.text !== 'end') fail(there, 'else after else')
      return { line, kind, pipeline, body, otherwise }
    }
    if (next.text !== 'if' && next.text !== 'with') fail(at, `else ${next.text} is not understood`)
    // `else if` needs no end of its own.
    return { line, kind, pipeline, body, otherwise: [block(next.text as 'if', rest, at)] }
  }

  function pipelineOf(tokens: readonly Token[], line: number): Pipeline {
    const rest = [...tokens]
    const at = rest.findIndex(({ kind, text }) => kind === 'sign' && (text === ':=' || text === '='))
    const head = at < 0 ? [] : rest.splice(0, at + 1)
    const variables = head.filter(({ kind }) => kind === 'variable').map(({ text }) => text)
    if (at >= 0 && (variables.length === 0 || variables.length > 2)) fail(line, 'a value needs a variable that takes it')
    return { variables, fresh: head.at(-1)?.text === ':=', steps: steps(rest, line) }
  }

  /** Steps up to the end or a closing bracket, which stays. */
  function steps(rest: Token[], line: number): Step[] {
    const found: Step[] = []
    for (;;) {
      const operands: Operand[] = []
      while (rest[0] !== undefined && rest[0].text !== ')' && !(rest[0].kind === 'sign' && rest[0].text === '|'))
        operands.push(operand(rest, line))
      const [first, ...others] = operands
      if (first === undefined) return fail(line, 'a value is missing')
      found.push([first, ...others])
      if (rest[0]?.text !== '|') return found
      rest.shift()
    }
  }

  function operand(rest: Token[], line: number): Operand {
    const token = rest.shift() as Token
    const of = operandOf(token, rest, line)
    const fields = token.kind === 'field' ? [token.text.slice(1)] : []
    while (rest[0]?.kind === 'field' && !rest[0].spaced) fields.push((rest.shift() as Token).text.slice(1))
    return { of, fields }
  }

  function operandOf({ kind, text }: Token, rest: Token[], line: number): Operand['of'] {
    if (kind === 'string') return { value: text }
    if (kind === 'number') return { value: Number(text) }
    if (kind === 'variable') return { variable: text }
    if (kind === 'dot' || kind === 'field') return 'dot'
    if (kind === 'name')
      return text === 'true' || text === 'false' ? { value: text === 'true' } : text === 'nil' ? { value: undefined } : { call: text }
    if (text !== '(') return fail(line, `${text} is out of place`)
    const inner = { variables: [], fresh: false, steps: steps(rest, line) }
    if (rest.shift()?.text !== ')') fail(line, 'a bracket does not close')
    return { inner }
  }

  return nodes().found
}
