import { access, chmod, constants, mkdir, readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { UserError } from '#lib/errors.ts'
import { run } from '#lib/exec.ts'
import { writeWhole } from '#lib/files.ts'
import type { Front } from './front.ts'
import type { FrontOptions } from './front-options.ts'
import { hostKey } from './gateway.ts'
import { sshdConfig } from './sshd.ts'

/** Makes what sshd needs: accounts, host keys, a configuration, a folder for the sockets. */
export async function prepareFront(options: FrontOptions, log: Front['log']): Promise<Front> {
  const { run: dir, users, host, port, loginGrace, debug, exec, auth, shell, passEnvironment } = options
  const client = process.env.DOKKU_CLIENT ?? '/usr/local/bin/dokku'
  await mkdir(dir, { recursive: true })
  // Sessions are other users: they pass through to their socket and read nothing else.
  await chmod(dir, 0o711)
  await prepareAccounts(users, client)
  const [authSocket, sessionSocket, config] = ['auth.sock', 'session.sock', 'sshd_config'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ]
  const keys = { command: [client, '--socket', authSocket, '%u', '%t', '%k', '%f'], user: userInfo().username }
  const sshd = { port, users, keys, client, loginGrace, socket: sessionSocket, hostKeys: await hostKeysOf(options) }
  await writeWhole(config, sshdConfig({ ...sshd, ...(host === undefined ? {} : { host }) }))
  return {
    ...{ exec, auth, shell, passEnvironment, debug, client, log, authSocket, sessionSocket },
    sshd: ['/usr/sbin/sshd', '-D', '-e', '-f', config],
  }
}

/** As root, accounts that are missing are made; anybody else can serve only themselves. */
async function prepareAccounts(users: readonly string[], client: string): Promise<void> {
  if (process.getuid?.() !== 0) {
    const { username } = userInfo()
    if (users.length === 1 && users[0] === username) return
    throw new UserError('bad-usage', `only root can let in others than ${username}`, { hint: `--users ${username}`, exitCode: 64 })
  }
  // Where sshd keeps itself apart until somebody has logged in.
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const known = new Set((await readFile('/etc/passwd', 'utf8')).split('\n').map((row) => row.split(':')[0]))
  for (const name of users)
    if (!known.has(name)) await run(['useradd', '--no-create-home', '--home-dir', '/', '--shell', client, '--password', '*', name])
}

async function hostKeysOf({ hostKeys, hostKey: path, state, run: dir }: FrontOptions): Promise<string[]> {
  if (hostKeys !== undefined) {
    const blocks = hostKeys.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g) ?? []
    if (blocks.length === 0) throw badKey('SSH_PRIVATE_KEYS holds no private key')
    const files = blocks.map((_, at) => join(dir, `host_key_${at}`))
    for (const [at, file] of files.entries()) await writeWhole(file, `${blocks[at]?.replaceAll('\\n', '\n')}\n`, 0o600)
    return files
  }
  if (path === undefined) return [await hostKey(state)]
  await access(path, constants.R_OK).catch(() => {
    throw badKey(`the host key ${path} cannot be read`)
  })
  return [path]
}

function badKey(message: string): UserError {
  return new UserError('bad-usage', message, { hint: 'without -k and SSH_PRIVATE_KEYS one is made and kept', exitCode: 64 })
}
