import { boolean, type Command, type Group, globalFlags, word } from './command.ts'
import { UserError } from './errors.ts'
import { commandHelp, type Guide, groupHelp, helpText } from './help.ts'
import { groupMan, manPage } from './man.ts'
import { didYouMean } from './nearest.ts'
import { scan, type Token } from './scan.ts'
import { quoteWord } from './words.ts'

/** The flags that mean the same to every command. */
export interface Globals {
  readonly quiet: boolean
  readonly force: boolean
  readonly trace: boolean
  /** The value of `--app`. */
  readonly app?: string
}

/** What a typed line asks for: a command with its words (global flags taken out), or a help text. */
export type Resolved<C, R extends string> =
  | { readonly kind: 'run'; readonly command: Command<C, R>; readonly words: string[]; readonly globals: Globals }
  | { readonly kind: 'help'; readonly text: string; readonly globals: Globals }

/** Finds what a line means: a command, a group's help (`apps`, `apps:help`), `help [--all]`, `help [--man] COMMAND`. Throws UserError `unknown-command`. */
export function resolve<C, R extends string>(groups: readonly Group<C, R>[], typed: readonly string[], guide?: Guide): Resolved<C, R> {
  const { globals, name, words, help, version } = splitGlobals(typed, (word) => find(groups, word))
  if (name === undefined && version) return resolve(groups, ['version'])
  if (name === undefined) return { kind: 'help', text: helpText(groups, { guide }), globals }
  const command = find(groups, name)
  if (name === 'help' && command === undefined) return { kind: 'help', text: helpFor(groups, words, guide), globals }
  const group = groups.find((one) => one.name === name.replace(/:help$/, ''))
  // `config` alone is help, though `config APP` may be an old name of config:show.
  const alias = command !== undefined && command.name !== name
  if (group !== undefined && (command === undefined || (alias && words.length === 0)))
    return { kind: 'help', text: groupHelp(group), globals }
  if (command === undefined) throw unknown(groups, name)
  return help ? { kind: 'help', text: commandHelp(command), globals } : { kind: 'run', command, words, globals }
}

/** The command of this name or alias. */
export function find<C, R extends string>(groups: readonly Group<C, R>[], name: string): Command<C, R> | undefined {
  const commands = groups.flatMap((group) => group.commands)
  return commands.find((command) => command.name === name) ?? commands.find((command) => command.aliases?.includes(name))
}

/** A line with its global flags taken out. */
export interface Split {
  readonly globals: Globals
  readonly name: string | undefined
  /** The words after the name. */
  readonly words: string[]
  readonly help: boolean
  readonly version: boolean
}

/** Takes the global flags out of a line, wherever they stand before `--`, and out of no word that the command wants verbatim. */
export function splitGlobals(typed: readonly string[], findCommand: (name: string) => Command<never> | undefined): Split {
  const leading = scan(front, typed)
  const at = leading.findIndex(({ kind }) => kind === 'operand')
  const before = at < 0 ? leading : leading.slice(0, at)
  checkLeading(before)
  const name = leading[at]?.words[0]
  const rest = typed.slice(before.reduce((sum, { words }) => sum + words.length, 1))
  const app = lastValue(before, 'app')
  const after = name === undefined ? [] : scan(findCommand(name) ?? unknownCommand, rest, app !== undefined)
  const all = [...before, ...after].filter(isGlobal)
  const given = (key: string) => all.some((token) => token.key === key)
  const lastApp = lastValue(all, 'app')
  return {
    globals: { quiet: given('quiet'), force: given('force'), trace: given('trace'), ...(lastApp === undefined ? {} : { app: lastApp }) },
    name,
    words: after.filter((token) => !isGlobal(token)).flatMap(({ words }) => words),
    help: given('help'),
    version: before.some((token) => token.kind === 'flag' && token.key === 'version'),
  }
}

type Given = Token & { kind: 'global' }

/** A well-formed global flag; a malformed one stays where it is for `parse` to complain about. */
function isGlobal(token: Token): token is Given {
  if (token.kind !== 'global') return false
  const spec = Object.entries(globalFlags).find(([key]) => key === token.key)?.[1]
  return (spec?.kind === 'boolean') === (token.value === undefined)
}

function lastValue(tokens: readonly Token[], key: string): string | undefined {
  return tokens.filter(isGlobal).findLast((token) => token.key === key)?.value
}

/** What may stand before a command's name: global flags, and the name itself. */
export const front: Command<never> = {
  name: 'dokku',
  summary: 'global flags, then the name of a command',
  args: { command: word('the name of the command') },
  flags: { version: boolean('show the version', { short: 'v' }) },
  examples: ['help'],
  right: '',
  passthrough: true,
  run: async () => {},
}

/** Stands for whatever is no command: only the global flags are known. */
const unknownCommand: Command<never> = { name: 'unknown', summary: '', examples: [''], right: '', run: async () => {} }

function checkLeading(tokens: readonly Token[]): void {
  for (const { kind, words } of tokens) {
    const typed = quoteWord(words[0] ?? '')
    if (kind === 'unknown') throw new UserError('unknown-flag', `there is no flag ${typed} before a command`, { hint: 'see help' })
    if (kind === 'open') throw new UserError('missing-value', `${typed} needs a value`, { hint: 'see help' })
  }
}

function helpFor<C, R extends string>(groups: readonly Group<C, R>[], words: readonly string[], guide: Guide | undefined): string {
  const man = words.includes('--man')
  const [topic, ...more] = words.filter((word) => word !== '--all' && word !== '--man')
  if (topic === undefined || more.length > 0) return helpText(groups, { all: words.includes('--all'), guide })
  const command = find(groups, topic)
  const group = groups.find((one) => one.name === topic)
  if (command !== undefined && (group === undefined || command.name === topic))
    return man ? manPage(command.name, command.summary, [command]) : commandHelp(command)
  if (group === undefined) throw unknown(groups, topic)
  return man ? groupMan(group) : groupHelp(group)
}

function unknown<C, R extends string>(groups: readonly Group<C, R>[], name: string): UserError {
  const listed = groups.flatMap((group) => group.commands.filter((command) => !command.hidden))
  const names = [...listed.map((command) => command.name), ...groups.map((group) => group.name)]
  const [noun = ''] = name.split(':')
  const hint = didYouMean(name, names) ?? (groups.some((group) => group.name === noun) ? `see ${noun}:help` : 'see help')
  return new UserError('unknown-command', `${quoteWord(name)} is not a command`, { hint })
}
