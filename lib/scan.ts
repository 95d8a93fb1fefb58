import { type Command, globalFlags } from './command.ts'
import type { Arg, Flag } from './params.ts'

/** What a typed word is to a command, before anything is parsed; `words` is how it was typed. */
export type Token =
  | { readonly kind: 'operand'; readonly value: string; readonly words: readonly string[] }
  | { readonly kind: 'flag' | 'global'; readonly key: string; readonly value?: string; readonly words: readonly string[] }
  /** A flag whose value was not typed, or not yet. */
  | { readonly kind: 'open'; readonly key: string; readonly words: readonly string[] }
  | { readonly kind: 'unknown'; readonly words: readonly string[] }
  /** `--`: no flags from here on. */
  | { readonly kind: 'end'; readonly words: readonly string[] }

/** Sorts the words after a command's name into flags and operands; `app` says that `--app` came before them. Throws nothing. */
export function scan(command: Command<never>, words: readonly string[], app = false): Token[] {
  const tokens: Token[] = []
  let left = words
  while (left.length > 0) {
    const [word = '', next] = left
    const ended = tokens.some(({ kind }) => kind === 'end')
    const verbatim = command.passthrough === true && operandsLeft(command, tokens, app) <= 0
    const token = ended || (verbatim && word !== '--') ? operand(word) : read(command, word, next)
    tokens.push(token)
    left = left.slice(token.words.length)
    if (verbatim) return [...tokens, ...left.map(operand)]
  }
  return tokens
}

/** The arguments that operands fill, in order: those that neither `--app` nor a flag stands for. */
export function slots<C>(command: Command<C>, tokens: readonly Token[], app = false): [key: string, arg: Arg<unknown, C>][] {
  const given = (kind: Token['kind'], key: string) => tokens.some((token) => token.kind === kind && 'key' in token && token.key === key)
  const appGiven = app || given('global', 'app')
  return Object.entries(command.args ?? {}).filter(
    ([, arg]) => arg.kind === 'rest' || !((arg.app === true && appGiven) || (arg.unless !== undefined && given('flag', arg.unless))),
  )
}

/** The flag of this name or short name, of the command itself or of all commands. */
export function findFlag(
  command: Command<never>,
  name: string,
): { kind: 'flag' | 'global'; key: string; flag: Flag<unknown, never> } | undefined {
  for (const [kind, flags] of [['flag', command.flags ?? {}] as const, ['global', globalFlags] as const])
    for (const [key, flag] of Object.entries<Flag<unknown, never>>(flags))
      if (name === `--${key}` || (flag.short !== undefined && name === `-${flag.short}`)) return { kind, key, flag }
  return undefined
}

/** How many words come before the rest; where --app stands for the only one, flags go on up to the rest's first. */
function operandsLeft(command: Command<never>, tokens: readonly Token[], app: boolean): number {
  const wanted = slots(command, tokens, app).filter(([, arg]) => arg.kind !== 'rest').length
  const takesApp = Object.values(command.args ?? {}).some((arg) => arg.kind !== 'rest' && arg.app)
  return Math.max(wanted, takesApp ? 1 : 0) - tokens.filter(({ kind }) => kind === 'operand').length
}

function operand(word: string): Token {
  return { kind: 'operand', value: word, words: [word] }
}

function read(command: Command<never>, word: string, next: string | undefined): Token {
  if (word === '--') return { kind: 'end', words: [word] }
  if (!word.startsWith('-') || word === '-') return operand(word)
  // `--flag=value`, or `-n5`.
  const [, name = word, inline] = /^(--[^=]+)=(.*)$/s.exec(word) ?? /^(-[^-])(.+)$/s.exec(word) ?? []
  const found = findFlag(command, name)
  const takesNone = found?.flag.kind === 'boolean'
  if (found === undefined || (takesNone && inline !== undefined && !name.startsWith('--'))) return { kind: 'unknown', words: [word] }
  const { kind, key } = found
  if (inline !== undefined) return { kind, key, value: inline, words: [word] }
  if (takesNone) return { kind, key, words: [word] }
  return next === undefined ? { kind: 'open', key, words: [word] } : { kind, key, value: next, words: [word, next] }
}
