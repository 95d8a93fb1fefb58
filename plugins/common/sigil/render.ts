import { functions } from './functions.ts'
import { type Node, type Operand, type Pipeline, parse, type Step } from './parse.ts'
import { isList, isTable, isTrue, TemplateError, textOf, type Value } from './value.ts'

/** Variables of a block, and of those around it. */
class Scope {
  readonly #around: Scope | undefined
  readonly #values = new Map<string, Value>()

  constructor(around?: Scope) {
    this.#around = around
  }

  declare(name: string, value: Value): void {
    this.#values.set(name, value)
  }

  /** The block that has the variable. */
  #owner(name: string): Map<string, Value> {
    if (this.#values.has(name)) return this.#values
    if (this.#around === undefined) throw new TemplateError(`there is no variable ${name}`)
    return this.#around.#owner(name)
  }

  get(name: string): Value {
    return this.#owner(name).get(name)
  }

  set(name: string, value: Value): void {
    this.#owner(name).set(name, value)
  }
}

/** What ends a round of `range`, or all of them. */
class Leave {
  readonly how: 'break' | 'continue'

  constructor(how: 'break' | 'continue') {
    this.how = how
  }
}

/** Fills in a template; the variables are `.NAME`, `$.NAME` and `$NAME`. TemplateError says the line of what is wrong. */
export function render(template: string, variables: Readonly<Record<string, string>>, name = 'template'): string {
  const tree = parse(template, name)
  const globals = new Scope()
  globals.declare('$', variables)
  for (const [key, value] of Object.entries(variables)) globals.declare(`$${key}`, value)
  let written = ''

  function all(nodes: readonly Node[], dot: Value, scope: Scope): void {
    for (const node of nodes)
      try {
        one(node, dot, scope)
      } catch (error) {
        if (!(error instanceof TemplateError) || error.message.startsWith(`${name}:`)) throw error
        throw new TemplateError(`${name}:${node.line}: ${error.message}`)
      }
  }

  function one(node: Node, dot: Value, scope: Scope): void {
    if (node.kind === 'text') written += node.text
    else if (node.kind === 'leave') throw new Leave(node.how)
    else if (node.kind === 'print') {
      const value = evaluate(node.pipeline, dot, scope)
      if (node.pipeline.variables.length === 0) written += textOf(value)
    } else if (node.kind === 'range') range(node.pipeline, node.body, node.otherwise, dot, scope)
    else {
      const inner = new Scope(scope)
      const value = evaluate(node.pipeline, dot, inner)
      const truth = isTrue(value)
      all(truth ? node.body : node.otherwise, truth && node.kind === 'with' ? value : dot, new Scope(inner))
    }
  }

  function range(pipeline: Pipeline, body: readonly Node[], otherwise: readonly Node[], dot: Value, scope: Scope): void {
    const entries = entriesOf(evaluate({ ...pipeline, variables: [] }, dot, scope))
    if (entries.length === 0) all(otherwise, dot, new Scope(scope))
    const [first, second] = pipeline.variables
    for (const [key, value] of entries) {
      const inner = new Scope(scope)
      if (first !== undefined) inner.declare(first, second === undefined ? value : key)
      if (second !== undefined) inner.declare(second, value)
      try {
        all(body, value, inner)
      } catch (error) {
        if (!(error instanceof Leave)) throw error
        if (error.how === 'break') return
      }
    }
  }

  all(tree, variables, globals)
  return written
}

function entriesOf(value: Value): [Value, Value][] {
  if (isList(value)) return value.map((one, place) => [place, one])
  if (isTable(value)) return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  if (value === undefined) return []
  if (typeof value === 'number') return Array.from({ length: value }, (_, place) => [place, place])
  throw new TemplateError(`range cannot go over ${textOf(value)}`)
}

function evaluate({ variables, fresh, steps }: Pipeline, dot: Value, scope: Scope): Value {
  let value: Value
  steps.forEach((step, place) => {
    value = call(step, place === 0 ? [] : [value], dot, scope)
  })
  for (const name of variables) fresh ? scope.declare(name, value) : scope.set(name, value)
  return value
}

function call([head, ...rest]: Step, piped: readonly Value[], dot: Value, scope: Scope): Value {
  if (typeof head.of === 'object' && 'call' in head.of) {
    const { call: name } = head.of
    const function_ = Object.hasOwn(functions, name) ? functions[name] : undefined
    if (function_ === undefined) throw new TemplateError(`there is no function ${name}`)
    return fieldsOf(function_(...rest.map((one) => operandValue(one, dot, scope)), ...piped), head.fields)
  }
  if (rest.length > 0 || piped.length > 0) throw new TemplateError('a value takes no arguments')
  return operandValue(head, dot, scope)
}

function operandValue(operand: Operand, dot: Value, scope: Scope): Value {
  const { of, fields } = operand
  if (of === 'dot') return fieldsOf(dot, fields)
  if ('value' in of) return fieldsOf(of.value, fields)
  if ('variable' in of) return fieldsOf(scope.get(of.variable), fields)
  if ('inner' in of) return fieldsOf(evaluate(of.inner, dot, scope), fields)
  return call([operand], [], dot, scope)
}

function fieldsOf(value: Value, fields: readonly string[]): Value {
  return fields.reduce<Value>((of, field) => {
    if (isTable(of)) return Object.hasOwn(of, field) ? of[field] : undefined
    if (of === undefined) return undefined
    throw new TemplateError(`${textOf(of)} has no field ${field}`)
  }, value)
}
