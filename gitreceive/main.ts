import { text } from 'node:stream/consumers'
import { messageOf, UserError } from '#lib/errors.ts'
import { output } from '#lib/output.ts'
import { hook, open, serve } from './standalone.ts'

const usage = `gitreceive: a git push becomes a call of your program

  gitreceive init ROOT NAME        make a repository and print its path
  gitreceive serve ROOT RECEIVER   answer SSH_ORIGINAL_COMMAND, as an ssh forced command does
  gitreceive hook                  what the repositories call; not for people

RECEIVER is called as RECEIVER NAME COMMIT USER FINGERPRINT with a tar of the commit on stdin.
It declines the push by a status other than 0.`

async function main([verb, ...args]: string[]): Promise<number> {
  const program = [process.execPath, import.meta.filename]
  const [root, second] = args
  if (verb === 'init' && root !== undefined && second !== undefined) {
    process.stdout.write(`${await (await open(root, program)).ensure(second)}\n`)
    return 0
  }
  if (verb === 'serve' && root !== undefined && second !== undefined) return await serve(root, second, program, process.env)
  if (verb === 'hook') return await hook(await text(process.stdin), process.env)
  const asked = verb === 'help' || verb === '--help'
  ;(asked ? process.stdout : process.stderr).write(`${usage}\n`)
  return asked ? 0 : 2
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const { warn } = output(
    (line) => process.stdout.write(line),
    (line) => process.stderr.write(line),
  )
  warn(messageOf(error))
  if (error instanceof UserError && error.hint !== undefined) warn(error.hint)
  process.exitCode = 1
}
