import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { docker } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import { ownContainer } from '#lib/own-container.ts'
import type { Settings } from '../settings.ts'
import { finishRestore, holdsInstance, readInstance } from './restore-instance.ts'

/**
 * Makes an instance of a backup that comes in, on volumes that hold none: the role `restore` of the image, while no control is there.
 * DOKKU_BACKUP_KEY is the passphrase or age identity that opens it. UserError `instance-exists`.
 */
export async function restoreRole(archive: Readable, settings: Settings, env: NodeJS.ProcessEnv): Promise<void> {
  const { dataDir, name } = settings
  if (await holdsInstance(dataDir))
    throw new UserError('instance-exists', `there is an instance on the volume ${name} already, and it stays as it is`, {
      hint: 'choose another DOKKU_NAME, or remove that one with scripts/uninstall',
    })
  const engine = await docker()
  const { Image: image } = await ownContainer(engine)
  const host = { engine, image, name, session: 'restore' }
  const keys = env.DOKKU_BACKUP_KEY ? [env.DOKKU_BACKUP_KEY] : []
  const say = (line: string) => void process.stdout.write(`-----> ${line}\n`)
  await readInstance(archive, { host, dataDir, keys, env, say })
  await finishRestore(dataDir)
  process.stdout.write('=====> All of it is here; control starts with it\n')
  if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain')
}
