import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { UserError } from '#lib/errors.ts'
import { parsePublicKey } from '#lib/public-key.ts'
import { prepareGateway } from './gateway.ts'
import { authorizedKeys } from './keys.ts'
import { serve } from './serve.ts'

const usage = `usage:
  execd [gateway] [--port 2222] [--user dokku] [--keys FILE] [--socket PATH] [--state DIR]
      becomes an sshd that hands every session to the daemon at PATH
  execd serve [--socket PATH] [--gid GID] -- PROGRAM [WORDS...]
      is such a daemon: PROGRAM runs for every session, with the words of its command
  execd key NAME < KEY.pub
      prints the line of the keys file that lets this key in as NAME
`

const shared = '/run/dokku/gateway'

/** Runs `execd` with the words of its command line; returns when there is nothing to wait for. */
async function main(words: string[]): Promise<void> {
  const [command, ...rest] = words
  if (command === '--warm') return // the image is being built: everything is loaded, and compiled, by now
  if (command === 'help' || command === '--help') return void process.stdout.write(usage)
  if (command === undefined || command.startsWith('--')) return gateway(words)
  if (command === 'gateway') return gateway(rest)
  if (command === 'serve') return startServing(rest)
  if (command === 'key') return printKey(rest)
  throw new UserError('bad-usage', `execd has no command ${command}`, { hint: usage, exitCode: 64 })
}

async function gateway(words: string[]): Promise<void> {
  const { values } = parseArgs({
    args: words,
    options: {
      port: { type: 'string', default: '2222' },
      user: { type: 'string', default: 'dokku' },
      keys: { type: 'string', default: `${shared}/authorized_keys` },
      socket: { type: 'string', default: `${shared}/dokku.sock` },
      state: { type: 'string', default: '/var/lib/execd' },
    },
  })
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new UserError('bad-usage', `${values.port} is not a port`, { hint: usage, exitCode: 64 })
  const [sshd, ...args] = await prepareGateway({ ...values, port })
  if (process.execve === undefined) throw new Error('this Node cannot become another program')
  // Nothing of ours stays: sshd is the process that its container watches.
  process.execve(sshd, [sshd, ...args], { PATH: process.env.PATH ?? '/usr/bin:/bin' })
}

async function startServing(words: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: words,
    options: { socket: { type: 'string', default: `${shared}/dokku.sock` }, gid: { type: 'string' } },
    allowPositionals: true,
  })
  const [program, ...before] = positionals
  if (program === undefined) throw new UserError('bad-usage', 'execd serve needs a program', { hint: usage, exitCode: 64 })
  const daemon = await serve({
    socket: values.socket,
    handler: [program, ...before],
    ...(values.gid === undefined ? {} : { gid: Number(values.gid) }),
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void daemon.close())
}

async function printKey([name, ...more]: string[]): Promise<void> {
  if (name === undefined || more.length > 0) throw new UserError('bad-usage', 'execd key needs one name', { hint: usage, exitCode: 64 })
  const { type, base64, fingerprint } = parsePublicKey(await text(process.stdin))
  process.stdout.write(authorizedKeys([{ name, publicKey: `${type} ${base64}`, fingerprint }]))
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Error)) throw error
  const misused = 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  const known = misused ? new UserError('bad-usage', error.message, { hint: usage, exitCode: 64 }) : error
  if (!(known instanceof UserError)) throw error
  process.stderr.write(`execd: ${known.message}\n${known.hint === undefined ? '' : `${known.hint}\n`}`)
  process.exitCode = known.exitCode
}
