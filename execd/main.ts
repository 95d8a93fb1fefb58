import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { UserError } from '#lib/errors.ts'
import { parsePublicKey } from '#lib/public-key.ts'
import { front } from './front.ts'
import { frontOptions } from './front-options.ts'
import { prepareGateway } from './gateway.ts'
import { authorizedKeys } from './keys.ts'
import { prepareFront } from './prepare-front.ts'
import { serve } from './serve.ts'

const usage = `usage:
  execd [OPTIONS] AUTH EXEC
  execd -a AUTH [OPTIONS] EXEC
      runs EXEC with the words of each ssh command; AUTH USER KEY says who is let in ('': everybody)
        -u, --users NAMES   who may log in (git)        -p, --port PORT    22, or PORT of the environment
        -k, --key FILE      the host key                -h, --host IP      every address
        -e, --env           our variables for EXEC too  -s, --shell        EXEC by $SHELL -c
        -d, --debug         what sshd says              --state DIR        where the host key is kept
        --login-grace SECONDS (30)                      --run DIR          where the sockets are
  execd gateway [--port 2222] [--user dokku] [--keys FILE] [--socket PATH] [--state DIR]
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
  if (words.at(-1) === '--warm') return // the image is being built: everything is loaded, and compiled, by now
  if (command === 'help' || command === '--help') return void process.stdout.write(usage)
  if (command === 'gateway') return gateway(rest)
  if (command === 'serve') return startServing(rest)
  if (command === 'key') return printKey(rest)
  await serveFront(words)
}

async function serveFront(words: string[]): Promise<void> {
  const log = (line: string) => void process.stderr.write(`execd: ${line}\n`)
  const options = frontOptions(words, process.env)
  const served = await front(await prepareFront(options, log))
  log(`listening on port ${options.port} for ${options.users.join(', ')}`)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, served.stop)
  // Sessions that outlasted our patience go with us.
  process.exit(await served.ended)
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
    throw new UserError('bad-usage', `${values.port} is not a port`, { exitCode: 64 })
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
  if (program === undefined) throw new UserError('bad-usage', 'execd serve needs a program', { exitCode: 64 })
  const daemon = await serve({
    socket: values.socket,
    handler: [program, ...before],
    ...(values.gid === undefined ? {} : { gid: Number(values.gid) }),
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void daemon.close())
}

async function printKey([name, ...more]: string[]): Promise<void> {
  if (name === undefined || more.length > 0) throw new UserError('bad-usage', 'execd key needs one name', { exitCode: 64 })
  const { type, base64, fingerprint } = parsePublicKey(await text(process.stdin))
  process.stdout.write(authorizedKeys([{ name, publicKey: `${type} ${base64}`, fingerprint }]))
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Error)) throw error
  const misused = 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  const known = misused ? new UserError('bad-usage', error.message, { exitCode: 64 }) : error
  if (!(known instanceof UserError)) throw error
  const hint = known.hint ?? (known.code === 'bad-usage' ? usage : undefined)
  process.stderr.write(`execd: ${known.message}\n${hint === undefined ? '' : `${hint}\n`}`)
  process.exitCode = known.exitCode
}
