import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { UserError } from '#lib/errors.ts'
import { isThere } from '#lib/files.ts'
import { launch } from '#lib/launch.ts'

/** What of control's volume is in a backup beside database and repositories: what plugins are, and what they keep. */
export const folders = ['plugins', 'home', 'nginx', 'cron.d'] as const

/** The key by which this instance gets into repositories of others, and whom it trusts: as secret as the keys are. */
const deployKey = 'home/.ssh'

/** A folder of the volume as a tar, with owners and modes; undefined where there is none. */
export async function folderTar(dataDir: string, name: (typeof folders)[number]): Promise<Readable | undefined> {
  return (await isThere(join(dataDir, name))) ? tarOf(dataDir, name, [`--exclude=${deployKey}`]) : undefined
}

export async function deployKeyTar(dataDir: string): Promise<Buffer> {
  return (await isThere(join(dataDir, deployKey))) ? await buffer(tarOf(dataDir, deployKey)) : Buffer.alloc(0)
}

/** Unpacks such a tar below a folder. tar lets no entry and no link lead out of it while it does. UserError `broken-archive`. */
export async function unpackFolder(tar: Readable, into: string): Promise<void> {
  await mkdir(into, { recursive: true, mode: 0o700 })
  const unpacking = launch(['tar', '--extract', '--numeric-owner', '--same-permissions', '--directory', into], {
    cwd: '/',
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  const said = text(unpacking.stderr ?? Readable.from([]))
  await pipeline(tar, unpacking.stdin ?? new PassThrough()).catch((error: unknown) => {
    unpacking.kill('SIGKILL')
    throw error
  })
  const status = await unpacking.exited
  if (status !== 0) throw new UserError('broken-archive', `the backup cannot be used: tar says ${(await said).trim().slice(0, 300)}`)
}

function tarOf(dataDir: string, name: string, more: readonly string[] = []): Readable {
  const packing = launch(['tar', '--create', '--numeric-owner', '--directory', dataDir, ...more, name], {
    cwd: '/',
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = text(packing.stderr ?? Readable.from([]))
  const out = new PassThrough()
  const pack = async () => {
    if (packing.stdout !== null) await pipeline(packing.stdout, out, { end: false })
    // 1: a file changed while it was read.
    if ((await packing.exited) > 1) throw new Error(`tar of ${name} failed: ${(await said).trim().slice(0, 300)}`)
    out.end()
  }
  pack().catch((error: unknown) => {
    packing.kill('SIGKILL')
    out.destroy(error as Error)
  })
  return out
}
