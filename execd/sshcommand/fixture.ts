import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { run, signalGroup, start } from '#lib/exec.ts'
import { ran } from '../fixture.ts'

/** Files of the tests, which every account may read. */
export const folder = await mkdtemp(join(tmpdir(), 'sshcommand-'))
/** The account that the tests give a command. */
export const user = `sc-${randomBytes(3).toString('hex')}`
export const home = `/home/${user}`
/** The file of the account that sshd reads. */
export const sshdFile = join(home, '.ssh/authorized_keys')

await run(['chmod', '755', folder])
after(async () => {
  await run(['userdel', '--remove', user], { allow: [6, 12] })
  await rm(folder, { recursive: true, force: true })
})

export interface CallOptions {
  input?: string
  env?: Record<string, string>
  /** Whoever calls, if not root. */
  as?: string
}

/** Runs sshcommand as root, or as somebody else. */
export async function sshcommand(words: readonly string[], { input = '', env = {}, as }: CallOptions = {}) {
  const who = as === undefined ? [] : [`--reuid=${as}`, `--regid=${as}`, '--clear-groups', '--']
  const program = join(import.meta.dirname, '../sshcommand.ts')
  const { stdout, stderr, status } = await ran(['setpriv', ...who, process.execPath, program, ...words], env, input)
  return { said: stdout.toString(), stderr, status }
}

/** Back to an account with a command and no keys. */
export async function fresh(command = '/bin/echo'): Promise<void> {
  await rm(join(home, '.ssh'), { recursive: true, force: true })
  const { stderr, status } = await sshcommand(['create', user, command])
  if (status !== 0) throw new Error(stderr)
}

/** Makes a key of this name; gives the text of its public half and its fingerprint. */
export async function makeKey(name: string): Promise<{ publicKey: string; fingerprint: string }> {
  const path = join(folder, name)
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', `${name}@laptop`, '-f', path])
  const [, fingerprint = ''] = (await run(['ssh-keygen', '-lf', path])).stdout.split(' ')
  return { publicKey: await readFile(`${path}.pub`, 'utf8'), fingerprint }
}

/** An sshd with the settings it has by itself: files that another than the account may write let nobody in. Gives a client's options for a key. */
export async function startSshd(): Promise<(key: string) => string[]> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  await mkdir('/run/sshd', { recursive: true })
  await makeKey('host')
  const settings = [`ListenAddress=127.0.0.1:${port}`, 'PidFile=none', 'PasswordAuthentication=no', 'PerSourcePenalties=no']
  const sshd = start([
    '/usr/sbin/sshd',
    '-D',
    '-e',
    '-f',
    '/dev/null',
    '-h',
    join(folder, 'host'),
    ...settings.flatMap((one) => ['-o', one]),
  ])
  after(async () => {
    signalGroup(sshd, 'SIGTERM')
    await sshd
  })
  await new Promise<void>((resolve) => sshd.stderr.on('data', (text) => (String(text).includes('listening') ? resolve() : undefined)))
  const client = ['IdentitiesOnly=yes', 'BatchMode=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR']
  const common = ['-F', 'none', ...client.flatMap((setting) => ['-o', setting]), '-p', `${port}`]
  return (key) => [...common, '-i', join(folder, key)]
}
