import { type Command, type Group, globalFlags, synopsis, usage } from './command.ts'
import type { Arg, Flag } from './params.ts'

const width = 100
const indent = 4

/** What help begins with for somebody new, and how groups are put in order: by what they are about. */
export interface Guide {
  readonly intro: string
  /** What to type, one after the other, and what for. */
  readonly steps: readonly Row[]
  readonly topics: Readonly<Record<string, readonly string[]>>
}

/** The list of groups, below the first steps where there is a guide, or with `all` of every command. */
export function helpText(
  groups: readonly Group<never>[],
  { all = false, guide }: { all?: boolean; guide?: Guide | undefined } = {},
): string {
  const shown = groups.filter((group) => group.commands.some((command) => !command.hidden))
  const rows = (some: readonly Group<never>[]) => some.map(groupRow).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const listed = guide === undefined ? ['Commands:', '', ...table(rows(shown))] : byTopic(shown, guide)
  const lines = all ? ['Commands:', '', ...table(shown.flatMap(groupRows))] : listed
  const more = all
    ? 'help COMMAND shows one command with its arguments, flags and examples.'
    : 'help --all lists every command; GROUP:help those of a group.'
  return [...head('COMMAND [ARGUMENTS]'), ...lines, '', more].join('\n')
}

function byTopic(groups: readonly Group<never>[], { intro, steps, topics }: Guide): string[] {
  const known = Object.values(topics).flat()
  const others = groups.filter(({ name }) => !known.includes(name))
  const parts = Object.entries(topics).map(
    ([topic, names]) => [topic, names.flatMap((name) => groups.filter((one) => one.name === name))] as const,
  )
  return [
    ...wrap(intro, width),
    '',
    ...table(steps),
    ...[...parts, ['Brought by plugins', others] as const].flatMap(([topic, some]) => section(`${topic}:`, some.map(groupRow))),
  ]
}

/** The commands of one group. */
export function groupHelp(group: Group<never>): string {
  return [
    ...head(`${group.name}:COMMAND`),
    `${group.summary}.`,
    '',
    ...table(groupRows(group)),
    '',
    'help COMMAND shows arguments, flags and examples.',
  ].join('\n')
}

/** One command: usage, arguments, flags, examples. */
export function commandHelp(command: Command<never>): string {
  const { summary, description, args = {}, flags = {}, examples } = command
  const argRows = Object.entries(args).map(
    ([key, arg]): Row => [arg.kind === 'rest' ? `${arg.label}...` : `<${arg.label ?? key}>`, describe(arg)],
  )
  const flagRows = (specs: Readonly<Record<string, Flag<unknown, never>>>) =>
    Object.entries(specs).map(([key, flag]): Row => [flagName(key, flag), flag.summary])
  return [
    ...head(usage(command)),
    ...wrap(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`, width),
    ...(description === undefined ? [] : ['', ...description.split('\n').flatMap((line) => wrap(line, width))]),
    ...section('Arguments:', argRows),
    ...section('Flags:', flagRows(flags)),
    ...section('Global flags:', flagRows(globalFlags)),
    '',
    'Examples:',
    '',
    ...examples.map((example) => `${' '.repeat(indent)}${example}`),
  ].join('\n')
}

/** A line of two columns. */
type Row = readonly [left: string, right: string]

function head(words: string): string[] {
  return [`Usage: dokku ${words}`, '']
}

function section(title: string, rows: readonly Row[]): string[] {
  return rows.length === 0 ? [] : ['', title, '', ...table(rows)]
}

/** A group of one command is that command. */
function groupRow(group: Group<never>): Row {
  const [only, ...more] = group.commands.filter((command) => !command.hidden)
  return only !== undefined && more.length === 0 ? [synopsis(only).join(' '), group.summary] : [group.name, group.summary]
}

function groupRows(group: Group<never>): Row[] {
  return group.commands.filter((command) => !command.hidden).map((command) => [synopsis(command).join(' '), command.summary])
}

function flagName(key: string, flag: Flag<unknown, never>): string {
  return `${flag.short === undefined ? '    ' : `-${flag.short}, `}--${key}${flag.kind === 'boolean' ? '' : ` ${flag.label}`}`
}

function describe(arg: Arg<unknown, never>): string {
  const unless = arg.kind !== 'rest' && arg.unless !== undefined ? `not with --${arg.unless}` : ''
  return [arg.summary, arg.kind === 'optional' ? 'optional' : unless].filter((part) => part !== '').join('; ')
}

/** Two aligned columns; a long left one has its line for itself. */
function table(rows: readonly Row[]): string[] {
  const widest = Math.min(44, Math.max(...rows.map(([left]) => left.length)))
  const column = indent + widest + 2
  return rows.flatMap(([left, right]) => {
    const [first = '', ...rest] = wrap(right, Math.max(30, width - column))
    const lines = rest.map((line) => `${' '.repeat(column)}${line}`)
    return left.length > widest
      ? [`${' '.repeat(indent)}${left}`, `${' '.repeat(column)}${first}`, ...lines]
      : [`${' '.repeat(indent)}${left.padEnd(widest)}  ${first}`.trimEnd(), ...lines]
  })
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
