import { chown, realpath, stat } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { UserError } from '#lib/errors.ts'
import { readIfThere, writeWhole } from '#lib/files.ts'
import { parseToml } from './toml.ts'
import { type Statement, statements } from './toml-text.ts'

/** What a setting may be. */
export type Value = string | number | boolean

/** Stores a setting, or with undefined removes it; all else of the file stays as people wrote it. Throws as `edited` does. */
export async function editConfig(path: string, plugin: string, key: string, value: Value | undefined): Promise<void> {
  const real = await realpath(path).catch(() => path)
  const before = (await readIfThere(real)) ?? ''
  const after = edited(before, path, plugin, key, value)
  if (after === before) return
  const was = await stat(real).catch(() => undefined)
  await writeWhole(real, after, was === undefined ? 0o600 : was.mode & 0o777)
  // Whoever the file belongs to still reads it when root has changed it.
  if (was !== undefined && process.getuid?.() === 0) await chown(real, was.uid, was.gid)
}

/** The text with that one setting changed; UserError `bad-toml`, or `config-not-editable` where it is written in a way that only people can edit. */
export function edited(text: string, path: string, plugin: string, key: string, value: Value | undefined): string {
  const wanted = changed(parseToml(text, path), plugin, key, value)
  const after = value === undefined ? without(text, [plugin, key]) : withValue(text, plugin, key, literal(value))
  if (wanted !== undefined && isDeepStrictEqual(asPlain(tryParse(after)), asPlain(wanted))) return after
  throw new UserError('config-not-editable', `${path}: the settings of ${plugin} are written in a form that plugn does not edit`, {
    hint: `write them as lines below [${plugin}]`,
  })
}

function changed(tables: Record<string, unknown>, plugin: string, key: string, value: Value | undefined) {
  const table = tables[plugin] ?? {}
  if (typeof table !== 'object' || Array.isArray(table)) return undefined
  const { [key]: _, ...others } = table as Record<string, unknown>
  if (value !== undefined) return { ...tables, [plugin]: { ...others, [key]: value } }
  return plugin in tables ? { ...tables, [plugin]: others } : tables
}

function withValue(text: string, plugin: string, key: string, value: string): string {
  const all = statements(text)
  const old = all.find((one) => one.kind === 'pair' && same(one.path, [plugin, key]))
  if (old !== undefined) return text.slice(0, old.value) + value + text.slice(old.end)
  const at = all.findIndex((one) => one.kind === 'table' && same(one.path, [plugin]))
  const line = `${bare(key)} = ${value}\n`
  if (at < 0) return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${text.trim() === '' ? '' : '\n'}[${bare(plugin)}]\n${line}`
  const next = all.findIndex((one, index) => index > at && one.kind !== 'pair')
  const last = all[(next < 0 ? all.length : next) - 1] as Statement
  const end = endOfLine(text, last.end)
  const indent = last.kind === 'pair' ? (/[ \t]*$/.exec(text.slice(0, last.start))?.[0] ?? '') : ''
  return `${text.slice(0, end)}${text[end - 1] === '\n' ? '' : '\n'}${indent}${line}${text.slice(end)}`
}

function without(text: string, path: readonly string[]): string {
  const old = statements(text).find((one) => one.kind === 'pair' && same(one.path, path))
  return old === undefined ? text : text.slice(0, text.lastIndexOf('\n', old.start) + 1) + text.slice(endOfLine(text, old.end))
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end + 1
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, at) => word === b[at])
}

/** A key as it stands in TOML. */
function bare(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : literal(key)
}

/** JSON's strings are TOML's, but for the one control character that JSON leaves as it is. */
function literal(value: Value): string {
  return typeof value === 'string' ? JSON.stringify(value).replaceAll('\x7f', '\\u007f') : String(value)
}

/** Objects of the parser have no prototype, and ours have. */
function asPlain(tables: unknown): unknown {
  return JSON.parse(JSON.stringify(tables ?? null))
}

function tryParse(text: string): unknown {
  try {
    return parseToml(text, 'config.toml')
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}
