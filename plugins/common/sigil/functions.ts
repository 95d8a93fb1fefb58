import { existsSync, readFileSync } from 'node:fs'
import { matchesGlob } from 'node:path'
import { isList, isTable, isTrue, TemplateError, textOf, type Value } from './value.ts'

type Function = (...args: Value[]) => Value

/** The functions that templates of plugins call: those of Go's templates and those of sigil, the value of a pipe last. */
export const functions: Readonly<Record<string, Function>> = {
  and: (...all) => all.find((one) => !isTrue(one)) ?? all.at(-1),
  or: (...all) => all.find(isTrue) ?? all.at(-1),
  not: (one) => !isTrue(one),
  eq: (one, ...others) => others.includes(one),
  ne: (one, other) => one !== other,
  lt: (one, other) => compare(one, other) < 0,
  le: (one, other) => compare(one, other) <= 0,
  gt: (one, other) => compare(one, other) > 0,
  ge: (one, other) => compare(one, other) >= 0,
  len: (of) =>
    typeof of === 'string' ? Buffer.byteLength(of) : isList(of) ? of.length : isTable(of) ? Object.keys(of).length : fail('len'),
  index: (of, ...keys) => keys.reduce(at, of),
  print: (...all) => all.map((one, place) => (place > 0 && ![one, all[place - 1]].some(isText) ? ` ${textOf(one)}` : textOf(one))).join(''),
  println: (...all) => `${all.map(textOf).join(' ')}\n`,
  printf: (form, ...all) => formatted(text(form), all),

  default: (fallback, one) => (one === undefined || one === '' || one === 0 || one === false ? fallback : one),
  var: (name) => process.env[text(name)] ?? '',
  split: (by, one) => text(one).split(text(by)),
  join: (by, all) => list(all).map(textOf).join(text(by)),
  splitkv: (by, all) => Object.fromEntries(list(all).map((one) => pair(text(one), text(by)))),
  joinkv: (by, all) => (isTable(all) ? Object.entries(all).map(([key, one]) => `${key}${text(by)}${textOf(one)}`) : fail('joinkv')),
  replace: (old, fresh, one) => text(one).replaceAll(text(old), text(fresh)),
  trim: (one) => text(one).replace(/^[ \n]+|[ \n]+$/g, ''),
  lower: (one) => text(one).toLowerCase(),
  upper: (one) => text(one).toUpperCase(),
  capitalize: (one) => text(one).replace(/(^|\s)\w/g, (letter) => letter.toUpperCase()),
  indent: (by, one) => text(one).replace(/\n(?=[^\n])/g, `\n${text(by)}`),
  match: (pattern, one) => matchesGlob(text(one), text(pattern)),
  substr: (range, one) => text(one).slice(...text(range).split(':').map(Number)),
  seq: (count) => Array.from({ length: Number(count) }, (_, place) => String(place)),
  append: (one, all) => [...list(all), one],
  drop: (one, all) => list(all).filter((other) => !matchesGlob(textOf(other), textOf(one))),
  uniq: (all) => [...new Set(list(all))],
  exists: (path) => (reach.files ? existsSync(text(path)) : fail('there is no function exists')),
  file: (path) => (reach.files ? readFileSync(text(path), 'utf8') : fail('there is no function file')),
}

/** May templates read files? Those of plugins may. */
export const reach = { files: true }

const isText = (value: Value) => typeof value === 'string'

function text(value: Value): string {
  return value === undefined ? '' : textOf(value)
}

function list(value: Value): readonly Value[] {
  return isList(value) ? value : fail('a list is needed')
}

function pair(one: string, by: string): [string, Value] {
  const end = one.indexOf(by)
  return end < 0 ? [one, true] : [one.slice(0, end), one.slice(end + by.length)]
}

function at(of: Value, key: Value): Value {
  if (isTable(of)) return of[text(key)]
  const place = Number(key)
  if (!isList(of) || !(place >= 0 && place < of.length)) fail(`index ${textOf(key)} is out of range`)
  return (of as readonly Value[])[place]
}

function compare(one: Value, other: Value): number {
  if (typeof one !== typeof other || one === undefined || other === undefined) return fail('values of two kinds cannot be compared')
  return one < other ? -1 : one === other ? 0 : 1
}

function formatted(form: string, all: readonly Value[]): string {
  const left = [...all]
  return form.replace(/%(-?)(\d*)([sdvq%])/g, (_, minus: string, width: string, verb: string) => {
    if (verb === '%') return '%'
    const one = textOf(left.shift())
    const shown = verb === 'q' ? JSON.stringify(one) : one
    return minus === '' ? shown.padStart(Number(width)) : shown.padEnd(Number(width))
  })
}

function fail(why: string): never {
  throw new TemplateError(why)
}
