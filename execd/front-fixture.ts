import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after } from 'node:test'
import { run } from '#lib/exec.ts'
import { ran, running } from './fixture.ts'

export const main = join(import.meta.dirname, 'main.ts')
/** Where a test file's keys, handlers and sockets are: sshd's programs must be able to reach it. */
export const dir = `/run/execd-test-${process.pid}`

const cleanup: (() => unknown)[] = []
after(async () => {
  for (const each of cleanup) await each()
  await run(['rm', '-rf', dir])
})
/** What is started for a whole test file goes with it. */
export const ofFile = { after: (each: () => unknown) => void cleanup.push(each) } as Parameters<typeof running>[0]

export async function freePort(): Promise<number> {
  const one = createServer()
  await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', () => resolve()))
  const bound = one.address()
  await new Promise((resolve) => one.close(resolve))
  return typeof bound === 'object' && bound !== null ? bound.port : assert.fail()
}

/** Makes the keys of alice and a stranger, and two handlers: `auth` lets alice in as anybody, `exec` says its words or runs them. */
export async function prepare(): Promise<{ publicKey: string }> {
  await mkdir(dir, { recursive: true })
  for (const name of ['alice', 'stranger']) await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(dir, name)])
  const publicKey = (await readFile(join(dir, 'alice.pub'), 'utf8')).trim()
  const auth = `#!/bin/sh\n[ "$2" = "${publicKey}" ] || exit 1\necho "WHO=alice"\necho "AS=$1 \\$HOME; x" >&2\n`
  const exec = '#!/bin/sh\n[ "$1" = run ] && { shift; exec "$@"; }\nprintf "<%s>" "$@"\necho\n'
  for (const [name, text] of Object.entries({ auth, exec })) await writeFile(join(dir, name), text, { mode: 0o755 })
  return { publicKey }
}

/** Starts execd on a port of its own; resolves when it listens. */
export async function startFront(words: string[], { port, env = {} }: { port: number; env?: Record<string, string> }) {
  const own = ['--state', `${dir}/state`, '--run', `${dir}/run-${port}`]
  const at = env.SSHFRONT_LISTEN === undefined ? ['-h', '127.0.0.1', '-p', `${port}`] : []
  const one = running(ofFile, [process.execPath, main, ...own, ...at, ...words], env)
  await one.complains('listening on port')
  return one
}

/** The argv of an ssh client that takes nothing from this machine. */
export function sshArgv(
  port: number,
  words: readonly string[],
  { user = 'git', key = 'alice', options = [] as string[] } = {},
): [string, ...string[]] {
  const settings = ['IdentitiesOnly=yes', 'BatchMode=yes', 'StrictHostKeyChecking=accept-new', 'LogLevel=ERROR', 'ConnectTimeout=10']
  const all = [...settings, `UserKnownHostsFile=${dir}/known_hosts`, `IdentityFile=${dir}/${key}`]
  return ['ssh', '-F', 'none', ...all.flatMap((one) => ['-o', one]), ...options, '-p', `${port}`, `${user}@127.0.0.1`, ...words]
}

export async function sshTo(
  port: number,
  words: readonly string[],
  more: Parameters<typeof sshArgv>[2] = {},
  input: string | Uint8Array = '',
) {
  const { stdout, stderr, status } = await ran(sshArgv(port, words, more), {}, input)
  return { stdout: stdout.toString(), stderr, status }
}
