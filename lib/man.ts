import { type Command, type Group, globalFlags, usage } from './command.ts'
import type { Flag } from './params.ts'

/** A manual page of a group of commands, or of one alone, as `man -l -` reads it. */
export function manPage(name: string, summary: string, commands: readonly Command<never>[]): string {
  const shown = commands.filter(({ hidden }) => !hidden)
  return [
    `.TH ${text(`dokku-${name.replace(':', '-')}`.toUpperCase())} 1`,
    '.SH NAME',
    `${text(`dokku-${name.replace(':', '-')}`)} \\- ${text(summary)}`,
    '.SH SYNOPSIS',
    ...shown.flatMap((command) => ['.B dokku', line(usage(command)), '.br']),
    '.SH COMMANDS',
    ...shown.flatMap(section),
    '.SH GLOBAL FLAGS',
    ...flags(globalFlags),
    '.SH EXIT STATUS',
    '0 when it was done, 20 when there is no such app, and otherwise what the command says, or 1.',
    '',
  ].join('\n')
}

/** The same of a group. */
export function groupMan({ name, summary, commands }: Group<never>): string {
  return manPage(name, `${summary.charAt(0).toLowerCase()}${summary.slice(1)}`, commands)
}

function section(command: Command<never>): string[] {
  const { summary, description, args = {}, flags: own = {}, aliases = [], examples } = command
  return [
    `.SS ${text(usage(command))}`,
    line(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`),
    ...(description === undefined ? [] : description.split('\n').flatMap((one) => ['.PP', line(one)])),
    ...(aliases.length === 0 ? [] : ['.PP', line(`Also ${aliases.join(', ')}.`)]),
    ...Object.entries(args).flatMap(([key, arg]) => entry(arg.kind === 'rest' ? `${arg.label}...` : `<${arg.label ?? key}>`, arg.summary)),
    ...flags(own),
    '.PP',
    '.nf',
    ...examples.map((example) => line(`ssh dokku@host ${example}`)),
    '.fi',
  ]
}

function flags(specs: Readonly<Record<string, Flag<unknown, never>>>): string[] {
  return Object.entries(specs).flatMap(([key, flag]) => {
    const short = flag.short === undefined ? '' : `-${flag.short}, `
    return entry(`${short}--${key}${flag.kind === 'boolean' ? '' : ` ${flag.label}`}`, flag.summary)
  })
}

function entry(left: string, right: string): string[] {
  return ['.TP', `.B ${text(left)}`, line(right)]
}

/** Text in a line of its own: one that begins with a dot or a quote would be a request. */
function line(words: string): string {
  return words === '' ? '\\&' : text(words).replace(/^[.']/, '\\&$&')
}

function text(words: string): string {
  return words.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('"', '\\(dq').replaceAll('\n', ' ')
}
