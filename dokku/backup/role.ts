import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import * as z from 'zod'
import { docker } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import { writeWhole } from '#lib/files.ts'
import { ownContainer } from '#lib/own-container.ts'
import { sealKey } from '#lib/seal.ts'
import type { Settings } from '../settings.ts'
import { firstLine } from './first-line.ts'
import { finishRestore, holdsInstance, readInstance } from './restore-instance.ts'

const handedKeys = z.object({ open: z.array(z.string()), seal: z.array(z.base64()) })

/**
 * Makes an instance of a backup that comes in, on volumes that hold none: the role `restore` of the image, while no control is there.
 * DOKKU_BACKUP_KEY is the passphrase or age identity that opens it; `handed`, the first line of what comes in is JSON with all keys. UserError `instance-exists`.
 */
export async function restoreRole(input: Readable, settings: Settings, env: NodeJS.ProcessEnv, handed: boolean): Promise<void> {
  const { dataDir, name } = settings
  if (await holdsInstance(dataDir))
    throw new UserError('instance-exists', `there is an instance on the volume ${name} already, and it stays as it is`, {
      hint: 'choose another DOKKU_NAME, or remove that one with scripts/uninstall',
    })
  const engine = await docker()
  const { Image: image } = await ownContainer(engine)
  const host = { engine, image, name, session: 'restore' }
  const { line, rest } = handed ? await firstLine(input) : { line: undefined, rest: input }
  const { open, seal } =
    line === undefined ? { open: env.DOKKU_BACKUP_KEY ? [env.DOKKU_BACKUP_KEY] : [], seal: [] } : handedKeys.parse(JSON.parse(line))
  for (const bytes of seal) await writeWhole(join(dataDir, 'secrets', `${sealKey(Buffer.from(bytes, 'base64')).id}.key`), `${bytes}\n`)
  const say = (line: string) => void process.stdout.write(`-----> ${line}\n`)
  await readInstance(rest, { host, dataDir, keys: open, env, say, proved: settings.scratch })
  await finishRestore(dataDir)
  process.stdout.write('=====> All of it is here; control starts with it\n')
  if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain')
}
