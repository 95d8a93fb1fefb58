import { text } from 'node:stream/consumers'
import { UserError } from '#lib/errors.ts'
import { isThere, readIfThere } from '#lib/files.ts'
import { launch } from '#lib/launch.ts'

/** An account of the system, as its list of accounts has it. */
export interface Account {
  name: string
  uid: number
  gid: number
  home: string
}

/** The account of that name; UserError `no-such-account`. */
export async function accountOf(name: string): Promise<Account> {
  const account = await findAccount(name)
  if (account !== undefined) return account
  throw new UserError('no-such-account', `there is no account ${JSON.stringify(name)}`, {
    hint: 'sshcommand create USER COMMAND makes one',
  })
}

/** Finds an account, or makes it where it is missing; true when it was made. */
export async function ensureAccount(name: string, osRelease: string): Promise<{ account: Account; made: boolean }> {
  const known = await findAccount(name)
  if (known !== undefined) return { account: known, made: false }
  if (process.getuid?.() !== 0)
    throw new UserError('no-such-account', `there is no account ${JSON.stringify(name)}, and only root can make one`)
  for (const { argv, input } of accountSteps(name, (await readIfThere(osRelease)) ?? '')) await ran(argv, input)
  return { account: await accountOf(name), made: true }
}

/** What makes an account that has a home and a shell and no password, by the words of /etc/os-release. */
export function accountSteps(name: string, osRelease: string): { argv: [string, ...string[]]; input?: string }[] {
  if (!/^ID="?alpine"?$/m.test(osRelease)) return [{ argv: ['useradd', '--create-home', '--shell', '/bin/sh', '--password', '*', name] }]
  // Busybox locks the account, and sshd lets nobody into a locked one; `*` is a password that nobody has.
  return [{ argv: ['adduser', '-D', '-s', '/bin/sh', name] }, { argv: ['chpasswd', '-e'], input: `${name}:*\n` }]
}

/**
 * Goes on as this account, where we are root: what is in a home is read and written as its owner, so a link that leads out of it
 * leads no further than its owner may go. UserError `not-your-account`.
 */
export async function become({ name, uid, gid, home }: Account): Promise<void> {
  const self = process.getuid?.()
  if (self !== uid && self !== 0)
    throw new UserError('not-your-account', `the keys of ${name} are for ${name} and root alone`, { hint: 'sudo sshcommand ...' })
  if (self !== uid) {
    process.setgroups?.([gid])
    process.setgid?.(gid)
    process.setuid?.(uid)
  }
  if (!(await isThere(home))) throw new UserError('no-such-account', `${name} has no home: there is no ${home}`)
}

async function findAccount(name: string): Promise<Account | undefined> {
  // A number would be taken for the uid of somebody else.
  if (!/^[A-Za-z_][\w.-]{0,31}$/.test(name)) throw new UserError('no-such-account', `${JSON.stringify(name)} is not the name of an account`)
  const row = await ran(['getent', 'passwd', name], undefined, notFound)
  const [, , uid, gid, , home] = row.trimEnd().split(':')
  return home === undefined ? undefined : { name, uid: Number(uid), gid: Number(gid), home }
}

/** The exit status of getent for a name that nobody has. */
const notFound = 2

async function ran(argv: readonly [string, ...string[]], input = '', alsoFine = 0): Promise<string> {
  const program = launch(argv, { cwd: '/', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }, stdio: ['pipe', 'pipe', 'inherit'] })
  program.stdin?.on('error', () => {}).end(input)
  const [said, status] = await Promise.all([program.stdout === null ? '' : text(program.stdout), program.exited])
  if (status !== 0 && status !== alsoFine) throw new Error(`${argv[0]} failed (${status})`)
  return said
}
