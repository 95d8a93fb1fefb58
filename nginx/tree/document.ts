import { UserError } from '#lib/errors.ts'

/** A value as JSON has it. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject

/** An object as JSON has it. */
export interface JsonObject {
  readonly [key: string]: Json
}

/** Deeper than any configuration of nginx; what is deeper could exhaust the stack. */
const deepest = 32

/** The error for what the tree does not take; its door answers 400. */
export function treeRefused(message: string, hint?: string): UserError {
  return new UserError('tree-refused', message, hint === undefined ? {} : { hint })
}

/** The parts of a path such as `/http/server/0`; each is percent-decoded, so that `%2F` is a slash of a key. */
export function parsePath(text: string): string[] {
  const trimmed = text.replace(/^\//, '').replace(/\/$/, '')
  if (trimmed === '') return []
  try {
    return trimmed.split('/').map(decodeURIComponent)
  } catch {
    throw treeRefused(`${JSON.stringify(text)} is not a path: a % is not followed by two hexadecimal digits`)
  }
}

/** A value that may be part of a tree; a body that is deeper than nginx could ever want is refused. */
export function jsonOf(text: string): Json {
  let value: Json
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw treeRefused(`this is not JSON: ${error instanceof Error ? error.message : ''}`)
  }
  checkDepth(value, deepest)
  return value
}

/** Is a value an object, neither a list nor null? */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Is a value a list? */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

/** What stands at a path, or undefined. */
export function valueAt(document: Json, path: readonly string[]): Json | undefined {
  let found: Json | undefined = document
  for (const part of path) {
    if (isList(found)) found = found[indexOf(part) ?? found.length]
    else found = isObject(found) && Object.hasOwn(found, part) ? found[part] : undefined
  }
  return found
}

/** The document with another value at a path, whose parent must be there. */
export function put(document: JsonObject, path: readonly string[], value: Json): JsonObject {
  return replaced(document, path, () => value)
}

/** The document with an object merged, one level deep, into the object at a path, or a value added to the list there. */
export function post(document: JsonObject, path: readonly string[], value: Json): JsonObject {
  const found = valueAt(document, path)
  if (isList(found)) return put(document, path, [...found, value])
  if (!isObject(found))
    throw new UserError('tree-scalar', `${shown(path)} is neither an object nor a list: only these take a POST`, {
      hint: 'PUT replaces any value',
    })
  if (!isObject(value)) throw treeRefused(`${shown(path)} is an object, so only an object can be merged into it`)
  return put(document, path, fromEntries([...Object.entries(found), ...Object.entries(value)]))
}

/** The document without what stands at a path; what is not there may go too. */
export function remove(document: JsonObject, path: readonly string[]): JsonObject {
  if (path.length === 0) return {}
  const parent = valueAt(document, path.slice(0, -1))
  const last = path.at(-1) ?? ''
  if (isList(parent)) {
    if ((indexOf(last) ?? parent.length) >= parent.length) throw treeRefused(`${shown(path.slice(0, -1))} has no element ${last}`)
    return put(document, path.slice(0, -1), parent.toSpliced(Number(last), 1))
  }
  if (!isObject(parent) || !Object.hasOwn(parent, last)) return document
  return replaced(document, path.slice(0, -1), () => fromEntries(Object.entries(parent).filter(([key]) => key !== last)))
}

/** A path as it is typed. */
export function shown(path: readonly (string | number)[]): string {
  return `/${path.join('/')}`
}

function replaced(document: JsonObject, path: readonly string[], value: () => Json): JsonObject {
  const whole = path.length === 0 ? value() : within(document, path, path, value)
  if (!isObject(whole)) throw treeRefused('the tree itself is an object')
  return whole
}

function within(node: Json, rest: readonly string[], path: readonly string[], value: () => Json): Json {
  const [part, ...more] = rest
  if (part === undefined) return value()
  const at = path.slice(0, path.length - rest.length)
  if (isList(node)) {
    const index = indexOf(part)
    const before = index === undefined ? undefined : node[index]
    if (index === undefined || before === undefined) throw treeRefused(`${shown(at)} is a list and has no element ${part}`)
    return node.with(index, within(before, more, path, value))
  }
  if (!isObject(node)) throw treeRefused(`${shown(at)} is neither an object nor a list, so nothing can be put into it`)
  const before = Object.hasOwn(node, part) ? node[part] : undefined
  if (before === undefined && more.length > 0) throw treeRefused(`there is nothing at ${shown([...at, part])}`, 'PUT it first')
  return fromEntries([...Object.entries(node), [part, within(before ?? null, more, path, value)]])
}

/** Later entries win; `__proto__` is a key like any other. */
function fromEntries(entries: readonly (readonly [string, Json])[]): JsonObject {
  return Object.fromEntries(entries)
}

/** The position that a part of a path means in a list: digits, without a sign. */
function indexOf(part: string): number | undefined {
  return /^(0|[1-9]\d{0,8})$/.test(part) ? Number(part) : undefined
}

function checkDepth(value: Json, left: number): void {
  if (left === 0) throw treeRefused(`the tree is at most ${deepest} levels deep`)
  if (isList(value)) for (const one of value) checkDepth(one, left - 1)
  else if (isObject(value)) for (const one of Object.values(value)) checkDepth(one, left - 1)
}
