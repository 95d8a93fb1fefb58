import { type Command, globalFlags, usage } from './command.ts'
import { UserError } from './errors.ts'
import { didYouMean } from './nearest.ts'
import type { Arg, ArgSpecs, ArgValues, Flag, FlagSpecs, FlagValues } from './params.ts'
import { findFlag, scan, slots, type Token } from './scan.ts'
import { quoteWord } from './words.ts'

/**
 * The words after a command's name as the values its `run` takes; `app` is the value of a `--app` that was split off before.
 * Throws UserError with the usage as hint, or what a parse function throws.
 */
export async function parse<C, R extends string, A extends ArgSpecs<C>, F extends FlagSpecs<C>>(
  command: Command<C, R, A, F>,
  words: readonly string[],
  context: C,
  app?: string,
): Promise<{ args: ArgValues<A>; flags: FlagValues<F> }> {
  const tokens = scan(command, words, app !== undefined)
  checkFlags(command, tokens)
  const filled = fill(command, tokens, app)
  const args: Record<string, unknown> = {}
  for (const [key, arg] of Object.entries<Arg<unknown, C>>(command.args ?? {})) {
    const values = await inOrder(filled.get(key) ?? [], (word) => arg.parse(word, context))
    args[key] = arg.kind === 'rest' ? values : values[0]
  }
  const flags: Record<string, unknown> = {}
  for (const [key, flag] of Object.entries<Flag<unknown, C>>(command.flags ?? {})) flags[key] = await flagValue(key, flag, tokens, context)
  return { args: args as ArgValues<A>, flags: flags as FlagValues<F> }
}

/** Checks words against a command without parsing any value, as for an example in its spec. Throws UserError. */
export function checkWords(command: Command<never>, words: readonly string[], app?: string): void {
  const tokens = scan(command, words, app !== undefined)
  checkFlags(command, tokens)
  fill(command, tokens, app)
}

function checkFlags(command: Command<never>, tokens: readonly Token[]): void {
  const seen = new Set<string>()
  for (const token of tokens) {
    const typed = token.words[0] ?? ''
    if (token.kind === 'unknown')
      throw misused(command, 'unknown-flag', `${command.name} has no flag ${quoteWord(typed)}${meant(command, typed)}`)
    if (token.kind === 'open') throw misused(command, 'missing-value', `--${token.key} needs a value`)
    if (token.kind !== 'flag' && token.kind !== 'global') continue
    const kind = findFlag(command, `--${token.key}`)?.flag.kind
    if (kind === 'boolean' && token.value !== undefined) throw misused(command, 'unexpected-value', `--${token.key} takes no value`)
    if (kind === 'option' && seen.has(token.key)) throw misused(command, 'repeated-flag', `--${token.key} is given twice`)
    seen.add(token.key)
  }
}

/** The typed words of each argument. */
function fill(command: Command<never>, tokens: readonly Token[], app: string | undefined): Map<string, string[]> {
  const given = tokens.findLast((token) => token.kind === 'global' && token.key === 'app')
  const theApp = given?.kind === 'global' ? given.value : app
  const open = slots(command, tokens, theApp !== undefined)
  const operands = tokens.flatMap((token) => (token.kind === 'operand' ? [token.value] : []))
  const filled = new Map<string, string[]>()
  for (const [key, arg] of open) {
    const words = arg.kind === 'rest' ? operands.splice(0) : operands.splice(0, 1)
    if (words.length < (arg.kind === 'rest' ? arg.least : arg.kind === 'one' ? 1 : 0))
      throw misused(command, 'missing-argument', `${command.name} needs ${arg.kind === 'rest' ? arg.label : `<${arg.label ?? key}>`}`)
    filled.set(key, words)
  }
  if (operands[0] !== undefined)
    throw misused(command, 'too-many-arguments', `${quoteWord(operands[0])} is one word too many for ${command.name}`)
  for (const [key, arg] of Object.entries(command.args ?? {}))
    if (arg.kind !== 'rest' && arg.app && theApp !== undefined && !standsFlagFor(arg, tokens)) filled.set(key, [theApp])
  return filled
}

function standsFlagFor({ unless }: { unless?: string }, tokens: readonly Token[]): boolean {
  return unless !== undefined && tokens.some((token) => token.kind === 'flag' && token.key === unless)
}

async function flagValue<C>(key: string, flag: Flag<unknown, C>, tokens: readonly Token[], context: C): Promise<unknown> {
  const typed = tokens.flatMap((token) => (token.kind === 'flag' && token.key === key ? [token.value ?? ''] : []))
  if (flag.kind === 'boolean') return typed.length > 0
  const values = await inOrder(typed, (word) => flag.parse(word, context))
  return flag.kind === 'repeated' ? values : values[0]
}

/** One after the other, so that the first wrong word is the one complained about. */
async function inOrder<T>(words: readonly string[], parseWord: (word: string) => T | Promise<T>): Promise<T[]> {
  const values: T[] = []
  for (const word of words) values.push(await parseWord(word))
  return values
}

function meant(command: Command<never>, typed: string): string {
  const flags = Object.keys({ ...command.flags, ...globalFlags }).map((flag) => `--${flag}`)
  const said = didYouMean(typed.replace(/=.*/s, ''), flags)
  return said === undefined ? '' : `; ${said}`
}

function misused(command: Command<never>, code: string, message: string): UserError {
  return new UserError(code, message, { hint: `usage: ${usage(command)}` })
}
