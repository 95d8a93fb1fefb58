import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode } from '#lib/errors.ts'
import { isList, isObject, type Json, type JsonObject, shown, treeRefused } from './document.ts'

/** What the files hold that a tree names by its macros, path to text. */
export type Values = Readonly<Record<string, string>>

/** The tree with each `{"$value": PATH, "default": TEXT}` replaced by the value, the default, or nothing; `$file` means the same. */
export function expanded(document: JsonObject, values: Values): JsonObject {
  const whole = expand(document, values)
  if (!isObject(whole)) throw treeRefused('the tree itself is an object')
  return whole
}

/** The values that a tree names, from the files of a folder; one that is not there is left out. */
export async function readValues(document: JsonObject, folder: string): Promise<Values> {
  const found: [string, string][] = []
  for (const path of new Set(named(document, []))) {
    const text = await readFile(join(folder, path), 'utf8').catch((error: unknown) => {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined
      if (hasCode(error, 'EISDIR', 'EACCES')) throw treeRefused(`the value ${path} is not a file that can be read`)
      throw error
    })
    if (text !== undefined) found.push([path, text.replace(/\r?\n$/, '')])
  }
  return Object.fromEntries(found)
}

function expand(value: Json, values: Values): Json {
  if (isList(value)) return value.map((one) => expand(one, values))
  if (!isObject(value)) return value
  const path = pathOf(value)
  if (path === undefined) return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, expand(one, values)]))
  return (Object.hasOwn(values, path) ? values[path] : undefined) ?? value.default ?? ''
}

function named(value: Json, at: readonly (string | number)[]): string[] {
  if (isList(value)) return value.flatMap((one, index) => named(one, [...at, index]))
  if (!isObject(value)) return []
  const path = pathOf(value)
  if (path === undefined) return Object.entries(value).flatMap(([key, one]) => named(one, [...at, key]))
  if (!/^\/?[\w@+-][\w.@+-]*(\/[\w@+-][\w.@+-]*)*$/.test(path))
    throw treeRefused(`${shown(at)}: a value is named by a plain path in the folder of values, such as /shop/weight`)
  if (isList(value.default) || isObject(value.default)) throw treeRefused(`${shown(at)}: a default is a word, a number, true or false`)
  return [path]
}

function pathOf(value: JsonObject): string | undefined {
  const path = value.$value ?? value.$file
  return typeof path === 'string' && Object.keys(value).every((key) => ['$value', '$file', 'default'].includes(key)) ? path : undefined
}
