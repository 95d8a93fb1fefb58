import { chmod, chown, mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '#lib/errors.ts'
import { run } from '#lib/exec.ts'
import { isThere, writeWhole } from '#lib/files.ts'
import { parsePublicKey } from '#lib/public-key.ts'
import { quoteWords } from '#lib/words.ts'
import type { Place } from './standalone.ts'

/** The account that people push to, and where it lives. */
export interface Home {
  user: string
  dir: string
  /** The argv of this program. */
  program: readonly string[]
}

/** As `GITUSER` and `GITHOME` say: the account `git`, and its home directory. */
export function homeOf({ GITUSER: user = 'git', GITHOME }: NodeJS.ProcessEnv, program: readonly string[]): Home {
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(user)) throw new UserError('bad-usage', `${JSON.stringify(user)} is not the name of an account`)
  return { user, dir: GITHOME || `/home/${user}`, program }
}

/** What is in a home, as `serve` takes it. */
export function placeIn({ dir, program }: Home): Place {
  return { root: join(dir, 'repositories'), receiver: join(dir, 'receiver'), created: join(dir, 'created'), program }
}

/** Makes the account, where it is missing and we may, the list of keys, and a receiver to begin with; what is there stays. */
export async function init(home: Home): Promise<void> {
  const { user, dir } = home
  if (process.getuid?.() === 0 && (await accountOf(user)) === undefined)
    await run(['useradd', '--create-home', '--home-dir', dir, '--shell', '/bin/sh', '--password', '*', user])
  await mkdir(join(dir, '.ssh'), { recursive: true, mode: 0o700 })
  await mkdir(join(dir, 'keys'), { recursive: true })
  await mkdir(join(dir, 'repositories'), { recursive: true })
  const receiver = join(dir, 'receiver')
  if (!(await isThere(receiver))) await writeWhole(receiver, sample, 0o755)
  await chmod(receiver, 0o755)
  await publish(home)
  for (const path of ['.', '.ssh', 'keys', 'repositories', 'receiver']) await give(home, join(dir, path))
}

const sample = `#!/bin/sh
# receiver REPOSITORY COMMIT USER FINGERPRINT, with the pushed tree as a tar on standard input.
# What it prints, the pusher sees; a status other than 0 declines the push.
echo "----> $2 of $1 by $3"
tar -t
`

/** Lets a key in under a name, in place of the one that it had there; gives its fingerprint. */
export async function uploadKey(home: Home, name: string, text: string): Promise<string> {
  if (!/^[A-Za-z0-9][A-Za-z0-9@._-]{0,63}$/.test(name))
    throw new UserError('bad-key-name', `${JSON.stringify(name.slice(0, 80))} is not a valid name of a key`, {
      hint: 'letters, digits and @ . _ -, at most 64 of them',
    })
  const { type, base64, fingerprint } = parsePublicKey(text)
  if (!(await isThere(join(home.dir, 'keys'))))
    throw new UserError('bad-usage', `${home.dir} is no home of gitreceive`, { hint: 'gitreceive init' })
  await writeWhole(join(home.dir, 'keys', name), `${type} ${base64} ${name}\n`)
  await publish(home)
  return fingerprint
}

/** Writes the file that sshd reads, whole, from one file per key. */
async function publish(home: Home): Promise<void> {
  const { dir, program, user } = home
  const lines = []
  for (const name of (await readdir(join(dir, 'keys'))).sort()) {
    const { type, base64, fingerprint } = parsePublicKey(await readFile(join(dir, 'keys', name), 'utf8'))
    // What is compiled once need not be at the next push.
    const own = [`GITUSER=${user}`, `GITHOME=${dir}`, `NODE_COMPILE_CACHE=${join(dir, '.cache')}`]
    const command = ['env', ...own, ...program, 'run', name, fingerprint]
    lines.push(`restrict,command="${quoteWords(command).replace(/["\\]/g, '\\$&')}" ${type} ${base64} ${name}\n`)
  }
  const file = join(dir, '.ssh/authorized_keys')
  await writeWhole(file, lines.join(''), 0o600)
  await give(home, file)
}

/** What root makes belongs to the account. */
async function give({ user }: Home, path: string): Promise<void> {
  const account = process.getuid?.() === 0 ? await accountOf(user) : undefined
  if (account === undefined) return
  const { uid } = await stat(path)
  if (uid !== account.uid) await chown(path, account.uid, account.gid)
}

async function accountOf(name: string): Promise<{ uid: number; gid: number } | undefined> {
  const rows = (await readFile('/etc/passwd', 'utf8')).split('\n').map((row) => row.split(':'))
  const [, , uid, gid] = rows.find(([known]) => known === name) ?? []
  return uid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}
