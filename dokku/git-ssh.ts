import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf, UserError } from '#lib/errors.ts'
import { run } from '#lib/exec.ts'
import { isThere, readIfThere, writeWhole } from '#lib/files.ts'
import { sshFiles } from './git-config.ts'

/** The public key by which this instance gets into repositories over ssh; UserError `no-deploy-key`. */
export async function deployKey(files = sshFiles): Promise<string> {
  for (const path of [files.key, files.oldKey]) {
    const text = await readIfThere(`${path}.pub`)
    if (text !== undefined) return text.trim()
    // An admin may have put only the key there.
    if (await isThere(path)) return (await run(['ssh-keygen', '-y', '-P', '', '-f', path])).stdout.trim()
  }
  throw new UserError('no-deploy-key', 'This instance has no deploy key', { hint: 'git:generate-deploy-key makes one' })
}

/** Makes the key once: UserError `deploy-key-exists` for a second time, because repositories know the first. */
export async function makeDeployKey(comment: string, files = sshFiles): Promise<string> {
  for (const path of [files.key, files.oldKey])
    if (await isThere(path))
      throw new UserError('deploy-key-exists', 'This instance has a deploy key already', { hint: 'git:public-key shows it' })
  await mkdir(dirname(files.key), { recursive: true, mode: 0o700 })
  const temporary = `${files.key}.${crypto.randomUUID()}`
  try {
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', temporary])
    // The public half first: the key itself is what says that there is one.
    await rename(`${temporary}.pub`, `${files.key}.pub`)
    await rename(temporary, files.key)
  } finally {
    await rm(temporary, { force: true })
    await rm(`${temporary}.pub`, { force: true })
  }
  return await deployKey(files)
}

/** Trusts the keys that a host shows now; gives their fingerprints, for comparison with those that its owner published. */
export async function trustHost(host: string, port = 22, files = sshFiles): Promise<string[]> {
  const scan = ['ssh-keyscan', '-T', '10', '-p', String(port), '-t', 'ed25519,ecdsa,rsa', '--', host] as const
  const { stdout } = await run(scan).catch((cause: unknown) => {
    throw new UserError('fetch-failed', `${host} shows no key at port ${port}: ${messageOf(cause).slice(0, 200)}`, { cause })
  })
  const shown = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  if (shown.length === 0)
    throw new UserError('fetch-failed', `${host} shows no key at port ${port}`, { hint: 'is it up, and does ssh listen at this port?' })
  const known = (await readIfThere(files.knownHosts))?.split('\n').filter((line) => line !== '') ?? []
  await writeWhole(files.knownHosts, [...new Set([...known, ...shown])].map((line) => `${line}\n`).join(''))
  const { stdout: fingerprints } = await run(['ssh-keygen', '-l', '-f', '-'], { input: `${shown.join('\n')}\n` })
  return fingerprints.trim().split('\n')
}
