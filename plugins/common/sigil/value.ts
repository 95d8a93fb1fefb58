/** What an expression of a template stands for; undefined is what is not there. */
export type Value = string | number | boolean | undefined | readonly Value[] | { readonly [key: string]: Value }

/** A template is wrong: its name, the line, and why. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
}

/** Does `if` take it for true? What is empty, zero or not there is false. */
export function isTrue(value: Value): boolean {
  if (isList(value)) return value.length > 0
  if (isTable(value)) return Object.keys(value).length > 0
  return Boolean(value)
}

/** The value as it is printed. */
export function textOf(value: Value): string {
  if (value === undefined) return '<no value>'
  if (isList(value)) return `[${value.map(textOf).join(' ')}]`
  if (!isTable(value)) return String(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `map[${entries.map(([key, one]) => `${key}:${textOf(one)}`).join(' ')}]`
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

export function isTable(value: Value): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && !isList(value)
}
