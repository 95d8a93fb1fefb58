import type { Readable, Writable } from 'node:stream'

/** How a hook's handlers make one outcome: every one in order, the first answer, or all answers together. */
export type Kind = 'event' | 'select' | 'collect'

/** What a handler may take of a deploy's time. */
export interface Limits {
  /** Milliseconds for each handler. */
  readonly timeoutMs: number
  /** Whether a handler that fails stops the hook and what it stands for, or is passed over with a warning: what has happened cannot be refused. */
  readonly failing: 'stops' | 'passed over'
  /** The same for one that is too slow. */
  readonly late: 'stops' | 'passed over'
}

/** A hook, declared once: what it is for, what handlers get and answer, and the arguments that executables see. */
export interface Hook<Input extends object = never, Answer = unknown> {
  readonly kind: Kind
  readonly summary: string
  /** Fields of the input, in the order in which executables get them as arguments. */
  readonly args: readonly string[]
  readonly limits: Limits
  /** Only for inference; no value ever has it. */
  readonly types?: (input: Input) => Answer
}

/** Hooks by name. */
export type Catalogue = Readonly<Record<string, Hook>>

export type InputOf<H> = H extends Hook<infer Input, unknown> ? Input : never
export type AnswerOf<H> = H extends Hook<never, infer Answer> ? Answer : never

/** What the `hooks.ts` of a plugin exports; a misspelt name is a type error. */
export type Handlers<C extends Catalogue> = {
  readonly [Name in keyof C]?: (input: InputOf<C[Name]>, call: CallContext) => MaybePromise<AnswerOf<C[Name]> | undefined>
}

/** What a handler in process may look at beside its input. */
export interface CallContext {
  /** The plugin's own settings. */
  readonly config: Readonly<Record<string, string>>
  /** Aborted when the handler took too long, or whoever asked has left. */
  readonly signal: AbortSignal
  /** The arguments that an executable would get. */
  readonly args: readonly string[]
  /** The caller's streams; `inherit` stands for the process's own. */
  readonly stdin: Readable | 'inherit' | undefined
  readonly stdout: Writable | 'inherit'
  readonly stderr: Writable | 'inherit'
}

export type MaybePromise<T> = T | Promise<T>

const usual: Limits = { timeoutMs: 600_000, failing: 'stops', late: 'stops' }

/** All handlers, in the plugins' order; the first failure stops. */
export function event<Input extends object>(summary: string, args: readonly (keyof Input & string)[], limits: Partial<Limits> = {}) {
  return hook<Input, void>('event', summary, args, limits)
}

/** The first handler that answers decides; an executable answers by its output. */
export function select<Input extends object, Answer = string>(
  summary: string,
  args: readonly (keyof Input & string)[],
  limits: Partial<Limits> = {},
) {
  return hook<Input, Answer>('select', summary, args, limits)
}

/** The answers of all handlers; of an executable, its output. */
export function collect<Input extends object, Answer = string>(
  summary: string,
  args: readonly (keyof Input & string)[],
  limits: Partial<Limits> = {},
) {
  return hook<Input, Answer>('collect', summary, args, limits)
}

function hook<Input extends object, Answer>(
  kind: Kind,
  summary: string,
  args: readonly (keyof Input & string)[],
  limits: Partial<Limits>,
): Hook<Input, Answer> {
  return { kind, summary, args, limits: { ...usual, ...limits } }
}

/** Checks the names of a catalogue and keeps the types of its hooks. */
export function defineHooks<C extends Catalogue>(catalogue: C): C {
  for (const name of Object.keys(catalogue)) if (!isHookName(name)) throw new Error(`${name} is not a hook's name`)
  return catalogue
}

/** May a hook be called so? Names are files of a plugin, in folders perhaps, and never lead out of it. */
export function isHookName(name: string): boolean {
  return /^[a-z0-9_][a-z0-9_.-]*(\/[a-z0-9_][a-z0-9_.-]*)*$/i.test(name) && name.length <= 128
}
