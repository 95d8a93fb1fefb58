import { rm } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { messageOf, UserError } from '#lib/errors.ts'
import { output } from '#lib/output.ts'
import { homeOf, init, placeIn, uploadKey } from './home.ts'
import { gitServer } from './http-server.ts'
import { hook, open, serve } from './standalone.ts'

const usage = `gitreceive: a git push becomes a call of your program

An account that people push to, GITUSER (git) with its home, GITHOME (/home/GITUSER):

  gitreceive init                  make the account, its list of keys, and a receiver to begin with
  gitreceive upload-key NAME       let the public key on standard input in; prints its fingerprint
  gitreceive run NAME FINGERPRINT  answer SSH_ORIGINAL_COMMAND for this key: what sshd calls

Or folders of your own:

  gitreceive serve ROOT RECEIVER   answer SSH_ORIGINAL_COMMAND; RECEIVE_USER and RECEIVE_FINGERPRINT say whose it is
  gitreceive http ROOT RECEIVER --auth PROGRAM [--listen 127.0.0.1:8080|PATH]
                                   serve git over HTTP; PROGRAM USER - is asked, the secret on its standard input
  gitreceive create ROOT NAME [--object-format sha256]
                                   make a repository and print its path
  gitreceive hook                  what the repositories call; not for people

RECEIVER is called as RECEIVER NAME COMMIT USER FINGERPRINT with a tar of the commit on standard input.
It declines the push by a status other than 0.`

const program = [process.execPath, import.meta.filename]

async function main([verb = '', ...words]: string[]): Promise<number> {
  if (verb === '--warm') return 0
  if (verb === 'hook') return await hook(await text(process.stdin), process.env)
  const options = { auth: { type: 'string' }, listen: { type: 'string' }, 'object-format': { type: 'string' } } as const
  const { values, positionals } = parseArgs({ args: words, options, allowPositionals: true })
  const [first, second, ...more] = positionals
  const two = first !== undefined && second !== undefined && more.length === 0
  if (verb === 'init' && first === undefined) {
    await init(homeOf(process.env, program))
    return 0
  }
  if (verb === 'upload-key' && first !== undefined && second === undefined) {
    process.stdout.write(`${await uploadKey(homeOf(process.env, program), first, await text(process.stdin))}\n`)
    return 0
  }
  if (verb === 'run' && two) return await serve(placeIn(homeOf(process.env, program)), { user: first, fingerprint: second }, process.env)
  if (verb === 'serve' && two) {
    const { RECEIVE_USER: user = '', RECEIVE_FINGERPRINT: fingerprint = '' } = process.env
    return await serve({ root: first, receiver: second, program }, { user, fingerprint }, process.env)
  }
  if (verb === 'create' && two) {
    const format = values['object-format'] === 'sha256' ? 'sha256' : undefined
    process.stdout.write(`${await (await open(first, program)).ensure(second, format)}\n`)
    return 0
  }
  if (verb === 'http' && two && values.auth !== undefined)
    return await listen({ root: first, receiver: second, program, auth: values.auth || undefined }, values.listen)
  const asked = verb === 'help' || verb === '--help'
  ;(asked ? process.stdout : process.stderr).write(`${usage}\n`)
  return asked ? 0 : 2
}

/** Serves until it is told to stop; pushes that run are finished. */
async function listen(options: Parameters<typeof gitServer>[0], address = '127.0.0.1:8080'): Promise<number> {
  const server = gitServer(options)
  const [, host, port] = /^(?:(.*):)?(\d+)$/.exec(address) ?? []
  if (port === undefined) await rm(address, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    if (port === undefined) server.listen(address, () => resolve())
    else server.listen(Number(port), host || '127.0.0.1', () => resolve())
  })
  const bound = server.address()
  process.stderr.write(
    `gitreceive: listening at ${typeof bound === 'string' || bound === null ? address : `${bound.address}:${bound.port}`}\n`,
  )
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => {
        server.close(() => resolve())
        server.closeIdleConnections()
      })
  })
  return 0
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
  process.exitCode = error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS') ? 2 : 1
}
