import { access, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasCode, UserError } from '#lib/errors.ts'
import { run } from '#lib/exec.ts'
import { readIfThere, writeWhole } from '#lib/files.ts'
import { sshdConfig } from './sshd.ts'

export interface GatewayOptions {
  port: number
  /** Where the host keys are kept. */
  state: string
  /** The authorized_keys file, which the daemon writes. */
  keys: string
  socket: string
  user: string
}

/** Makes everything sshd needs and gives its argv. Host keys are made once: a new one would look like an attack to every client. */
export async function prepareGateway(options: GatewayOptions): Promise<readonly [string, ...string[]]> {
  const config = sshdConfig({
    port: options.port,
    hostKeys: [await hostKey(options.state)],
    keys: { file: options.keys },
    users: [options.user],
    socket: options.socket,
  })
  const path = join(await mkdtemp(join(tmpdir(), 'execd-')), 'sshd_config')
  await writeWhole(path, config)
  return ['/usr/sbin/sshd', '-D', '-e', '-f', path]
}

/** The host key that is kept in a folder, made where it is missing. */
export async function hostKey(state: string): Promise<string> {
  const path = join(state, 'ssh_host_ed25519_key')
  if ((await readIfThere(path)) !== undefined) return path
  try {
    await mkdir(state, { recursive: true, mode: 0o700 })
    await access(state, constants.W_OK)
  } catch (error) {
    if (!hasCode(error, 'EACCES', 'ENOENT', 'EROFS', 'EPERM')) throw error
    throw new UserError('host-key-not-kept', `the host key cannot be kept in ${state}`, {
      hint: `give the volume mounted there to uid ${process.getuid?.()}`,
      cause: error,
    })
  }
  const fresh = `${path}.new`
  await rm(fresh, { force: true })
  await rm(`${fresh}.pub`, { force: true })
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'execd', '-f', fresh])
  // The private half last: where it is, the pair is whole.
  await rename(`${fresh}.pub`, `${path}.pub`)
  await rename(fresh, path)
  return path
}
