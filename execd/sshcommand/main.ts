import { flushCompileCache } from 'node:module'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { messageOf, UserError } from '#lib/errors.ts'
import { loginWords } from './login.ts'

const version = '1.0.0'

/** Runs `sshcommand` with the words of its command line; gives the exit status. */
async function main([verb = '', ...words]: string[]): Promise<number> {
  if (verb === 'run') return await login()
  if (/^(version|-v|--version)$/.test(verb)) return print(`sshcommand ${version}`)
  // Loaded only here: a login needs none of it.
  const { commands } = await import('./commands.ts')
  if (verb === '--warm') return 0
  if (/^(|help|-h|--help)$/.test(verb)) {
    const asked = commands.filter(({ name }) => words.length === 0 || words.includes(name))
    for (const { name, args, summary } of asked) print(`sshcommand ${`${name} ${args}`.padEnd(52)} ${summary}`)
    if (words.length === 0) print(`sshcommand ${'help [<COMMAND>] | version'.padEnd(52)} this text; the version`)
    return verb === '' || asked.length === 0 ? 1 : 0
  }
  const command = commands.find(({ name }) => name === verb)
  if (command === undefined) return complain('Invalid command')
  const [least, most] = command.count
  if (words.length < least || words.length > most || words.slice(0, least).includes(''))
    return complain(`Usage: sshcommand ${command.name} ${command.args}`)
  const program = [process.execPath, join(dirname(import.meta.dirname), 'sshcommand.ts')]
  await command.run(words, { env: process.env, program, input: () => text(process.stdin), print, warn: complain })
  return 0
}

/** Becomes the command of the account that somebody logged in to. */
async function login(): Promise<number> {
  const words = await loginWords(userInfo().homedir, process.env)
  if (process.execve === undefined) throw new Error('this Node cannot become another program')
  // Node ignores these, and what is ignored stays so in the next program; what is listened for does not.
  for (const signal of ['SIGPIPE', 'SIGXFSZ'] as const) process.on(signal, () => {})
  flushCompileCache()
  const { NODE_COMPILE_CACHE: _, ...env } = process.env
  // `env` finds the program, and has words and statuses for one that is not there.
  return process.execve('/usr/bin/env', ['env', '--', ...words], env)
}

function print(line: string): number {
  process.stdout.write(`${line}\n`)
  return 0
}

function complain(line: string): number {
  process.stderr.write(`${line}\n`)
  return 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  complain(`sshcommand: ${messageOf(error)}`)
  if (error instanceof UserError && error.hint !== undefined) complain(error.hint)
  if (error instanceof Error && process.env.SSHCOMMAND_TRACE) complain(error.stack ?? '')
  process.exitCode = error instanceof UserError ? error.exitCode : 1
}
