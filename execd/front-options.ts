import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { UserError } from '#lib/errors.ts'
import type { Handlers } from './front.ts'

/** What was asked for on the command line, and in the environment. */
export interface FrontOptions extends Handlers {
  host?: string
  port: number
  /** A private host key, in place of the one that is made and kept in `state`. */
  hostKey?: string
  /** Host keys as text, which win over both. */
  hostKeys?: string
  /** Where the host key is kept. */
  state: string
  /** Where the sockets are. */
  run: string
  users: string[]
  /** How long a client may take to log in, in seconds. */
  loginGrace: number
  debug: boolean
}

const options = {
  auth: { type: 'string', short: 'a' },
  debug: { type: 'boolean', short: 'd', default: false },
  env: { type: 'boolean', short: 'e', default: false },
  host: { type: 'string', short: 'h' },
  key: { type: 'string', short: 'k' },
  port: { type: 'string', short: 'p', default: '22' },
  shell: { type: 'boolean', short: 's', default: false },
  users: { type: 'string', short: 'u' },
  state: { type: 'string', default: '/var/lib/execd' },
  run: { type: 'string', default: '/run/execd' },
  'login-grace': { type: 'string', default: '30' },
} as const

/** Reads both forms, `AUTH EXEC` and `-a AUTH EXEC`; UserError `bad-usage` (exit status 64). */
export function frontOptions(words: string[], environment: NodeJS.ProcessEnv): FrontOptions {
  const { values, positionals } = parseArgs({ args: words, options, allowPositionals: true })
  const [first, second, ...more] = values.auth === undefined ? positionals : [values.auth, ...positionals]
  if (first === undefined || second === undefined || more.length > 0) throw misused('execd needs an auth handler and an exec handler')
  const [, listenHost, listenPort] = /^(?:(.*):)?(\d+)$/.exec(environment.SSHFRONT_LISTEN ?? '') ?? []
  const host = values.host ?? listenHost
  const port = Number(values.port === '22' ? (listenPort ?? (environment.PORT || '22')) : values.port)
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw misused(`${values.port} is not a port`)
  const users = (values.users ?? environment.EXECD_USERS ?? 'git').split(/[\s,]+/).filter((name) => name !== '')
  const bad = users.find((name) => !/^[a-z_][a-z0-9_-]{0,31}$/.test(name) || name === 'root')
  if (bad !== undefined || users.length === 0) throw misused(`${JSON.stringify(bad ?? '')} cannot be the name of a user`)
  const loginGrace = Number(values['login-grace'])
  if (!Number.isInteger(loginGrace) || loginGrace < 1 || loginGrace > 600)
    throw misused(`${values['login-grace']} is not a number of seconds`)
  return {
    ...(first === '' ? {} : { auth: first }),
    exec: second,
    shell: values.shell,
    passEnvironment: values.env,
    debug: values.debug,
    port,
    users,
    loginGrace,
    state: resolve(values.state),
    run: resolve(values.run),
    ...(host ? { host } : {}),
    ...(values.key === undefined ? {} : { hostKey: resolve(values.key.replace(/^~(?=\/)/, homedir())) }),
    ...(environment.SSH_PRIVATE_KEYS ? { hostKeys: environment.SSH_PRIVATE_KEYS } : {}),
  }
}

function misused(message: string): UserError {
  return new UserError('bad-usage', message, { exitCode: 64 })
}
