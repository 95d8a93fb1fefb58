import type { Arg, ArgSpecs, ArgValues, FlagSpecs, FlagValues, Param } from './params.ts'
import { param } from './params.ts'

export type { Arg, Flag, Optional, OptionFlag, Param, Rest, Typed } from './params.ts'
export { boolean, option, optional, param, repeated, rest, unless, word } from './params.ts'

type None = Readonly<Record<never, never>>

/** A command, declared once: parsing, help, completion and reference come from it. `C` is its context, `R` names its rights. */
export interface Command<
  C = unknown,
  R extends string = string,
  A extends ArgSpecs<C> = ArgSpecs<C>,
  F extends FlagSpecs<C> = FlagSpecs<C>,
> {
  /** `noun:verb`, or one word. */
  readonly name: string
  /** Other names it answers to, for muscle memory; help does not list them. */
  readonly aliases?: readonly string[]
  /** One line that begins with a verb in small letters. */
  readonly summary: string
  /** Paragraphs for the help of this command. */
  readonly description?: string
  readonly args?: A
  readonly flags?: F
  /** Command lines as typed after `ssh dokku@host`; a test parses each. */
  readonly examples: readonly [string, ...string[]]
  /** What the user must be allowed to do: to the app, where the command is about one. */
  readonly right: R
  /** Without its app it is about each app that the user may do this to; otherwise that needs the right everywhere. */
  readonly eachApp?: true
  /** Runs but is not listed. */
  readonly hidden?: true
  /** Everything after the last argument before `rest` is that rest, verbatim: for `run APP CMD --its-flag`. */
  readonly passthrough?: true
  /** Did it only look? What changes nothing is not among the events. Without it, the right decides. */
  reads?(input: { readonly args: ArgValues<A>; readonly flags: FlagValues<F> }): boolean
  /** What whoever did it will want to do next, in one line: said after it was done, unless --quiet. */
  next?(input: { readonly args: ArgValues<A>; readonly flags: FlagValues<F>; readonly context: C }): string | undefined
  /** Does it; the exit status is 0, or the number it answers. */
  run(input: {
    readonly args: ArgValues<A>
    readonly flags: FlagValues<F>
    readonly context: C
  }): Promise<void> | Promise<number | undefined>
}

/** Commands with a noun in common. */
export interface Group<C = unknown, R extends string = string> {
  readonly name: string
  readonly summary: string
  readonly commands: readonly Command<C, R>[]
}

/** Flags that every command takes; those of a command's own spec come first. */
export const globalFlags = {
  quiet: { kind: 'boolean', summary: 'leave headers out', short: 'q' },
  force: { kind: 'boolean', summary: 'do not ask for confirmation' },
  trace: { kind: 'boolean', summary: 'show what is done, and a stack when it fails' },
  help: { kind: 'boolean', summary: 'show the help of the command', short: 'h' },
  app: { kind: 'option', label: 'APP', summary: 'the app, instead of the argument', parse: (word: string) => word },
} as const

/** Declares a command; `A` and `F` are inferred, so that `run` gets parsed values. */
export function command<C, R extends string, A extends ArgSpecs<C> = None, F extends FlagSpecs<C> = None>(
  spec: Command<C, R, A, F>,
): Command<C, R, A, F> {
  checkNames(spec)
  checkOrder(spec)
  return spec
}

/** Declares a group; the names of its commands begin with the group's, or are single words such as `logs`. */
export function group<C, R extends string>(name: string, summary: string, commands: readonly Command<C, R>[]): Group<C, R> {
  for (const { name: own } of commands)
    if (own.includes(':') && !own.startsWith(`${name}:`)) throw new Error(`${own} cannot be in the group ${name}`)
  return { name, summary, commands }
}

/** The words to declare commands with, bound to one program's context and rights, so that its commands need no type arguments. */
export function commandsFor<C, R extends string>() {
  return {
    command: <A extends ArgSpecs<C> = None, F extends FlagSpecs<C> = None>(spec: Command<C, R, A, F>) => command(spec),
    group: (name: string, summary: string, commands: readonly Command<C, R>[]) => group(name, summary, commands),
    param: <T>(spec: Omit<Param<T, C>, 'kind'>) => param(spec),
  }
}

/** How the command is typed: `config:set <app> KEY=VALUE... [--no-restart]`. */
export function usage(command: Command<never>): string {
  const { args = {}, flags = {}, passthrough } = command
  const options = Object.entries(flags)
    .filter(([flag]) => !Object.values(args).some((arg) => arg.kind !== 'rest' && arg.unless === flag))
    .map(([flag, spec]) => (spec.kind === 'boolean' ? `[--${flag}]` : `[--${flag} ${spec.label}]${spec.kind === 'repeated' ? '...' : ''}`))
  const [name = '', ...operands] = synopsis(command)
  return [name, ...(passthrough ? [...options, ...operands] : [...operands, ...options])].join(' ')
}

/** The name of the command and its arguments, without its flags. */
export function synopsis({ name, args = {}, flags = {} }: Command<never>): string[] {
  return [name, ...Object.entries(args).map(([key, arg]) => operand(key, arg, flags))]
}

function operand(key: string, arg: Arg<unknown, never>, flags: FlagSpecs<never>): string {
  if (arg.kind === 'rest') return arg.least === 0 ? `[${arg.label}...]` : `${arg.label}...`
  const flag = arg.unless === undefined ? undefined : flags[arg.unless]
  const value = flag === undefined || flag.kind === 'boolean' ? '' : ` ${flag.label}`
  const one = `<${arg.label ?? key}>${arg.unless === undefined ? '' : `|--${arg.unless}${value}`}`
  return arg.kind === 'optional' ? `[${one}]` : one
}

function checkNames({ name, aliases = [], args = {}, flags = {} }: Command<never>): void {
  for (const one of [name, ...aliases])
    if (!/^[a-z][a-z0-9-]*(:[a-z][a-z0-9-]*)?$/.test(one)) throw new Error(`${one} is not a command name`)
  for (const flag of Object.keys(flags)) {
    if (!/^[a-z][a-z0-9-]*$/.test(flag)) throw new Error(`${name}: --${flag} is not a flag name`)
    if (flag in globalFlags) throw new Error(`${name}: --${flag} is a global flag`)
  }
  for (const arg of Object.values(args))
    if (arg.kind !== 'rest' && arg.unless !== undefined && !(arg.unless in flags)) throw new Error(`${name}: there is no --${arg.unless}`)
}

/** Only one order can be parsed without guessing: required, optional, rest; a rest of at least one word follows no optional one. */
function checkOrder({ name, args = {} }: Command<never>): void {
  const order = Object.values(args).map((arg) => ['one', 'optional', 'rest'].indexOf(arg.kind))
  const kinds = Object.values(args).map((arg) => (arg.kind === 'rest' && arg.least === 0 ? 'any' : arg.kind))
  const wrong =
    order.some((rank, at) => rank < (order[at - 1] ?? 0)) || kinds.filter((kind) => kind === 'rest' || kind === 'any').length > 1
  if (wrong || (kinds.includes('optional') && kinds.includes('rest')))
    throw new Error(`${name}: arguments are required ones, then optional ones, then at most one rest`)
}
