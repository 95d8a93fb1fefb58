import { UserError } from '#lib/errors.ts'
import { plain } from '#lib/output.ts'
import { version } from '../version.ts'
import type { Command, Context } from './command.ts'
import { commands } from './commands.ts'

/** Runs plugn with the words of its command line; gives the exit status. Throws what a command throws. */
export async function runWords(words: readonly string[], context: Context): Promise<number> {
  const [first, ...rest] = words
  if (first === undefined || first === 'help' || first === '--help' || first === '-h') return help(rest, context)
  if (['version', '--version', '-v'].includes(first)) {
    context.print(`plugn: ${version}`)
    return 0
  }
  const command = commandOf(words)
  if (command === undefined) return unknown(words, context)
  return await command.run(words.slice(command.name.split(' ').length), context)
}

/** Says what went wrong, in upstream's words where scripts may look for them; gives the exit status. */
export function report(error: unknown, { env, print, say }: Context): number {
  if (!(error instanceof UserError)) {
    say(` !     ${env.TRACE && error instanceof Error ? error.stack : error}`)
    return 1
  }
  if (error.code === 'no-plugin-path') print(`!! ${error.message}`)
  else for (const line of [error.message, ...(error.hint === undefined ? [] : [error.hint])]) say(` !     ${plain(line)}`)
  return error.exitCode
}

function commandOf(words: readonly string[]): Command | undefined {
  return commands.find(({ name }) => name.split(' ').every((word, at) => word === words[at]))
}

function help(words: readonly string[], context: Context): number {
  if (words.length === 0) {
    list(context)
    return 0
  }
  const command = commandOf(words)
  if (command === undefined) return unknown(words, context)
  for (const line of [`plugn ${`${command.name} ${command.args}`.trimEnd()}`, `  ${command.summary}`]) context.print(line)
  return 0
}

/** The first word of several commands alone asks for those. */
function unknown([first = '', second]: readonly string[], context: Context): number {
  const group = commands.filter(({ name }) => name.startsWith(`${first} `))
  const asked = group.length > 0 && second === undefined
  if (!asked) context.print(`No such command: ${group.length > 0 ? `${first} ${second}` : first}`)
  list(context, asked ? group : undefined)
  return asked ? 0 : 2
}

function list({ print }: Context, some: readonly Pick<Command, 'name' | 'summary'>[] = [...commands, ...own]): void {
  print('Available commands:')
  for (const { name, summary } of some.toSorted((a, b) => (a.name < b.name ? -1 : 1))) print(`  ${name.padEnd(28)} ${summary}`)
}

/** The commands of the frame itself. */
const own = [
  { name: 'help', summary: 'list all commands, or say what one takes' },
  { name: 'version', summary: 'print the version of plugn' },
]
