import { type Command, type Group, globalFlags } from './command.ts'
import type { Arg, Typed } from './params.ts'
import { find, front } from './resolve.ts'
import { findFlag, scan, slots, type Token } from './scan.ts'

/** What could be typed next: `words` are those so far after `dokku`, the last one unfinished, perhaps empty. */
export async function complete<C, R extends string>(
  groups: readonly Group<C, R>[],
  words: readonly string[],
  context: C,
): Promise<string[]> {
  const typed = words.slice(0, -1)
  const prefix = words.at(-1) ?? ''
  const all = await candidates(groups, typed, prefix, context)
  return [...new Set(all)].filter((one) => one.startsWith(prefix)).toSorted()
}

async function candidates<C, R extends string>(
  groups: readonly Group<C, R>[],
  typed: readonly string[],
  prefix: string,
  context: C,
): Promise<readonly string[]> {
  const commands = groups.flatMap((group) => group.commands)
  const names = commands.filter(({ hidden }) => !hidden).map(({ name }) => name)
  const valuesOf = async (command: Command<C, R>, key: string, start: string) => {
    const own = command.flags?.[key]
    if (own !== undefined && own.kind !== 'boolean') return (await own.complete?.(start, context, typedWords(command, line))) ?? []
    const apps = commands.flatMap((one) => Object.values<Arg<unknown, C>>(one.args ?? {})).find((arg) => arg.kind !== 'rest' && arg.app)
    return key === 'app' ? ((await apps?.complete?.(start, context, {})) ?? []) : []
  }

  const leading = scan(front, typed)
  const at = leading.findIndex(({ kind }) => kind === 'operand')
  const [line, command] = at < 0 ? [leading, front as Command<C, R>] : afterName(groups, typed, leading.slice(0, at))
  if (command === undefined) return typed.length === 1 && typed[0] === 'help' ? names : []

  const last = line.at(-1)
  if (last?.kind === 'open') return valuesOf(command, last.key, prefix)
  const wanted = slots(command, line)
  const given = line.filter(({ kind }) => kind === 'operand').length
  const next = wanted[given]?.[1] ?? wanted.findLast(([, arg]) => arg.kind === 'rest')?.[1]
  const verbatim = line.some(({ kind }) => kind === 'end') || (command.passthrough && (next === undefined || next.kind === 'rest'))
  if (prefix.startsWith('-') && !verbatim) {
    const [, inline, start = ''] = /^(--[^=]+=)(.*)$/s.exec(prefix) ?? []
    if (inline === undefined) return flagNames(command, line)
    return (await valuesOf(command, findFlag(command, inline.slice(0, -1))?.key ?? '', start)).map((value) => inline + value)
  }
  if (at < 0) return ['help', ...names]
  return (await next?.complete?.(prefix, context, typedWords(command, line))) ?? []
}

/** The command that was named and what was typed for it; flags before the name count. */
function afterName<C, R extends string>(
  groups: readonly Group<C, R>[],
  typed: readonly string[],
  before: readonly Token[],
): [Token[], Command<C, R> | undefined] {
  const start = before.reduce((sum, { words }) => sum + words.length, 0)
  const command = find(groups, typed[start] ?? '')
  const app = before.some((token) => token.kind === 'global' && token.key === 'app')
  return command === undefined ? [[], undefined] : [[...before, ...scan(command, typed.slice(start + 1), app)], command]
}

function typedWords(command: Command<never>, line: readonly Token[]): Typed {
  const operands = line.flatMap((token) => (token.kind === 'operand' ? [token.value] : []))
  const app = line.findLast((token) => token.kind === 'global' && token.key === 'app')
  const words = slots(command, line).map(([key], at) => [key, operands[at]])
  return { ...Object.fromEntries(words), ...(app !== undefined && 'value' in app ? { app: app.value } : {}) }
}

/** Flags not typed yet. */
function flagNames(command: Command<never>, line: readonly Token[]): string[] {
  const typed = new Set(line.flatMap((token) => ('key' in token ? [token.key] : [])))
  const own = Object.entries(command.flags ?? {}).flatMap(([key, flag]) => (typed.has(key) && flag.kind !== 'repeated' ? [] : [key]))
  return [...own, ...Object.keys(globalFlags).filter((key) => !typed.has(key))].map((key) => `--${key}`)
}
