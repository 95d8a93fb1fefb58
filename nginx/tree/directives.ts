import { isList, isObject, type Json, type JsonObject, shown, treeRefused } from './document.ts'
import { wordsOf } from './words.ts'

/** A directive of nginx, or a block. */
export interface Directive {
  readonly name: string
  /** What stands between its name and its end, each word as it is written. */
  readonly words: readonly string[]
  readonly block?: readonly Directive[]
  /** Where it comes from in the tree, for whoever must mend it. */
  readonly at: string
}

type Path = readonly (string | number)[]

/** Which blocks may stand in which; elsewhere their names are directives like any other. */
const contexts: Readonly<Record<string, readonly string[]>> = {
  main: ['events', 'http', 'stream'],
  http: ['geo', 'map', 'server', 'split_clients', 'types', 'upstream'],
  stream: ['geo', 'map', 'server', 'split_clients', 'upstream'],
  server: ['if', 'location', 'types'],
  location: ['if', 'limit_except', 'location', 'types'],
}

/** Blocks without words before the brace. */
const bare = new Set(['events', 'http', 'server', 'stream', 'types'])

/** Blocks whose lines are pairs of words, not directives. */
export const tables: ReadonlySet<string> = new Set(['geo', 'map', 'split_clients', 'types'])

/** Directives that may stand once per key, with parameters. */
const parameterized = new Set(
  'access_log health_check listen open_file_cache open_log_file_cache proxy_cache_path queue resolver server sticky'.split(' '),
)

/** The directives that a tree means, in the order of its keys; where order matters, a list of `[name, value]` keeps it. */
export function directivesOf(document: JsonObject): Directive[] {
  return body('main', document, [])
}

function body(context: string, value: Json, path: Path): Directive[] {
  if (value === null) return []
  if (isObject(value)) return sorted(value).flatMap(([name, one]) => directive(context, name, one, [...path, name]))
  if (!isList(value)) throw treeRefused(`${shown(path)}: a block is an object, or a list of [name, value]`)
  return value.flatMap((pair, index) => {
    const [name, one = null, ...more] = isList(pair) ? pair : []
    if (typeof name !== 'string' || more.length > 0) throw treeRefused(`${shown([...path, index])}: expected [name, value]`)
    return directive(context, name, one, [...path, index])
  })
}

function directive(context: string, name: string, value: Json, path: Path): Directive[] {
  const at = shown(path)
  if (tables.has(context)) return [{ name: wordsOf(name, at).join(' ') || '""', words: lineOf(value, at), at }]
  if (!/^[a-z_]\w*$/i.test(name)) throw treeRefused(`${at}: ${JSON.stringify(name)} is not the name of a directive`)
  if (contexts[context]?.includes(name)) return bare.has(name) ? bareBlocks(name, value, path) : namedBlocks(name, value, path)
  const line = (words: readonly string[], where = at): Directive => ({ name, words, at: where })
  if (parameterized.has(name)) {
    if (isObject(value)) return sorted(value).map(([key, one]) => line([...wordsOf(key, at), ...parameters(one, at)], `${at}/${key}`))
    if (isList(value)) return value.map((one, index) => line(lineOf(one, at), `${at}/${index}`))
  }
  if (isObject(value)) return sorted(value).map(([key, one]) => line([...wordsOf(key, at), ...lineOf(one, at)], `${at}/${key}`))
  if (isList(value) && value.some(isList)) return value.map((one, index) => line(lineOf(one, at), `${at}/${index}`))
  return [line(lineOf(value, at))]
}

function bareBlocks(name: string, value: Json, path: Path): Directive[] {
  const several = isList(value) && value.every((one) => isObject(one) || (isList(one) && one.every(isList)))
  if (!several) return [{ name, words: [], block: body(name, value, path), at: shown(path) }]
  return value.map((one, index) => ({ name, words: [], block: body(name, one, [...path, index]), at: shown([...path, index]) }))
}

function namedBlocks(name: string, value: Json, path: Path): Directive[] {
  const blocks = (argument: string, inner: Json, at: Path) => {
    const words = wordsOf(argument, shown(at))
    if (words.length === 0) throw treeRefused(`${shown(at)}: ${name} needs words before its block`)
    return { name, words, block: body(name, inner, at), at: shown(at) }
  }
  if (isObject(value)) return sorted(value).map(([argument, inner]) => blocks(argument, inner, [...path, argument]))
  if (!isList(value)) throw treeRefused(`${shown(path)}: expected an object, or a list of [words, block]`)
  return value.map((pair, index) => {
    const [argument, inner = null, ...more] = isList(pair) ? pair : []
    if (typeof argument !== 'string' || more.length > 0) throw treeRefused(`${shown([...path, index])}: expected [words, block]`)
    return blocks(argument, inner, [...path, index])
  })
}

/** Parameters behind a key: `weight=5`; one that is true or null is its name alone, one that is false is not there. */
function parameters(value: Json, at: string): string[] {
  if (!isObject(value)) return value === null || value === true ? [] : lineOf(value, at)
  return sorted(value).flatMap(([name, one]) => {
    if (one === false) return []
    const text = one === null || one === true ? name : `${name}=${scalar(one, at)}`
    const words = wordsOf(text, at)
    if (words.length !== 1) throw treeRefused(`${at}: the parameter ${name} is one word`)
    return words
  })
}

function lineOf(value: Json, at: string): string[] {
  return (isList(value) ? value : [value]).flatMap((one) => wordsOf(scalar(one, at), at))
}

function scalar(value: Json, at: string): string {
  if (value === true) return 'on'
  if (value === false) return 'off'
  if (value === null) return ''
  if (typeof value === 'object') throw treeRefused(`${at}: a value is a word, a number, true, false, or a list of these`)
  return String(value)
}

function sorted(object: JsonObject): [string, Json][] {
  return Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Directives as nginx reads them, indented by tabs. */
export function textOf(directives: readonly Directive[], indent = ''): string {
  return directives
    .map(({ name, words, block }) => {
      const line = indent + [name, ...words].join(' ')
      return block === undefined ? `${line};\n` : `${line} {\n${textOf(block, `${indent}\t`)}${indent}}\n`
    })
    .join('')
}
