type Awaitable<T> = T | Promise<T>
/** Words that begin a line so far, by the name of their argument. */
export type Typed = Readonly<Partial<Record<string, string>>>
type Complete<C> = (prefix: string, context: C, typed: Typed) => Awaitable<readonly string[]>

/** How one typed word becomes a value. `C` is what the program gives its parse functions: who asks, the state. */
export interface Param<T, C = unknown> {
  readonly kind: 'one'
  readonly summary: string
  /** What usage shows between `<` and `>`; without it, the name of the argument. */
  readonly label?: string
  /** The value, or a UserError that says what is wrong with the word. */
  readonly parse: (word: string, context: C) => Awaitable<T>
  /** Words that could stand here, for the shell's completion. */
  readonly complete?: Complete<C>
  /** What its words say behind their `=` is for nobody else to read; or the whole of them. */
  readonly secret?: boolean | 'whole'
  /** The global flag `--app NAME` may stand for this argument. */
  readonly app?: boolean
  /** The name of a flag that stands for this argument. */
  readonly unless?: string
}

/** An argument that may be left out at the end; its value is then undefined. */
export interface Optional<T, C = unknown> extends Omit<Param<T, C>, 'kind'> {
  readonly kind: 'optional'
}

/** All the words that are left, each parsed alone. */
export interface Rest<T, C = unknown> extends Omit<Param<T, C>, 'kind' | 'app' | 'unless'> {
  readonly kind: 'rest'
  /** How few are enough. */
  readonly least: 0 | 1
}

export interface BooleanFlag {
  readonly kind: 'boolean'
  readonly summary: string
  readonly short?: string
}

export interface OptionFlag<T, C = unknown> {
  readonly kind: 'option'
  readonly label: string
  readonly summary: string
  readonly parse: (word: string, context: C) => Awaitable<T>
  readonly complete?: Complete<C>
  readonly short?: string
  /** What its value says behind its `=` is for nobody else to read; or the whole of it. */
  readonly secret?: boolean | 'whole'
}

export interface RepeatedFlag<T, C = unknown> extends Omit<OptionFlag<T, C>, 'kind'> {
  readonly kind: 'repeated'
}

export type Arg<T, C = unknown> = Param<T, C> | Optional<T, C> | Rest<T, C>
export type Flag<T, C = unknown> = BooleanFlag | OptionFlag<T, C> | RepeatedFlag<T, C>
/** The arguments of a command by name, in the order they are typed: required, then optional or rest. */
export type ArgSpecs<C> = Readonly<Record<string, Arg<unknown, C>>>
export type FlagSpecs<C> = Readonly<Record<string, Flag<unknown, C>>>

/** What `run` gets for each argument. */
export type ArgValues<A> = {
  [K in keyof A]: A[K] extends Rest<infer T, never>
    ? T[]
    : A[K] extends Optional<infer T, never>
      ? T | undefined
      : A[K] extends Param<infer T, never>
        ? T
        : never
}

/** What `run` gets for each flag. */
export type FlagValues<F> = {
  [K in keyof F]: F[K] extends BooleanFlag
    ? boolean
    : F[K] extends RepeatedFlag<infer T, never>
      ? T[]
      : F[K] extends OptionFlag<infer T, never>
        ? T | undefined
        : never
}

/** An argument, or an option's value, with a meaning: `param({ summary, parse, complete })`. */
export function param<T, C = unknown>(spec: Omit<Param<T, C>, 'kind'>): Param<T, C> {
  return { kind: 'one', ...spec }
}

/** An argument taken as typed. */
export function word(summary: string, label?: string): Param<string> {
  return { kind: 'one', summary, parse: same, ...(label === undefined ? {} : { label }) }
}

/** The same argument, which may be left out. */
export function optional<T, C>(one: Param<T, C>): Optional<T, C>
export function optional<T, C>(rest: Rest<T, C>): Rest<T, C>
export function optional<T, C>(one: Param<T, C> | Rest<T, C>): Optional<T, C> | Rest<T, C> {
  return one.kind === 'rest' ? { ...one, least: 0 } : { ...one, kind: 'optional' }
}

/** The same argument, for which `--FLAG` may stand: `unless('global', app())` is `<app>|--global`; its value is then undefined. */
export function unless<T, C>(flag: string, one: Param<T, C>): Param<T | undefined, C>
export function unless<T, C>(flag: string, one: Optional<T, C>): Optional<T, C>
export function unless<T, C>(flag: string, one: Param<T, C> | Optional<T, C>): Param<T, C> | Optional<T, C> {
  return { ...one, unless: flag }
}

type RestExtras<C> = Pick<Rest<unknown, C>, 'complete' | 'secret'> & { summary?: string }

/** One or more words at the end; wrap it in `optional` where none will do. */
export function rest(label: string): Rest<string>
export function rest<T, C = unknown>(label: string, parse: Rest<T, C>['parse'], more?: RestExtras<C>): Rest<T, C>
export function rest(label: string, parse: Rest<unknown>['parse'] = same, more: RestExtras<unknown> = {}): Rest<unknown> {
  return { kind: 'rest', least: 1, label, summary: '', parse, ...more }
}

/** A flag without a value. */
export function boolean(summary: string, more: Pick<BooleanFlag, 'short'> = {}): BooleanFlag {
  return { kind: 'boolean', summary, ...more }
}

type OptionExtras<C> = Pick<OptionFlag<unknown, C>, 'short' | 'complete' | 'secret'>

/** A flag with a value: `--flag VALUE`, `--flag=VALUE`; undefined when not given. */
export function option(label: string, summary: string): OptionFlag<string>
export function option<T, C = unknown>(
  label: string,
  summary: string,
  parse: OptionFlag<T, C>['parse'],
  more?: OptionExtras<C>,
): OptionFlag<T, C>
export function option(
  label: string,
  summary: string,
  parse: OptionFlag<unknown>['parse'] = same,
  more: OptionExtras<unknown> = {},
): OptionFlag<unknown> {
  return { kind: 'option', label, summary, parse, ...more }
}

/** The same option, which may be given several times. */
export function repeated<T, C>(flag: OptionFlag<T, C>): RepeatedFlag<T, C> {
  return { ...flag, kind: 'repeated' }
}

function same(word: string): string {
  return word
}
