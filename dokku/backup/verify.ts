import { Readable } from 'node:stream'
import * as z from 'zod'
import { messageOf, UserError } from '#lib/errors.ts'
import type { By } from '../by.ts'
import type { Instance } from '../instance.ts'
import { record } from '../journal.ts'
import { type BackupInfo, listBackups, openBackup, recordProof } from './backups.ts'
import { keysOf } from './choices.ts'
import { scratch } from './scratch.ts'
import type { Target } from './targets/target.ts'
import { backupTarget } from './targets/targets.ts'

/**
 * Makes an instance of a backup that nobody reaches, starts its apps, compares what it has with what the backup was made of, and removes
 * it. What is found is recorded with the backup; nothing found is the proof.
 */
export async function proveBackup(
  instance: Instance,
  { target, info, key }: { target: Target; info: BackupInfo; key: string | undefined },
  by: By,
): Promise<BackupInfo> {
  const made = scratch(instance)
  const open = keysOf(instance, key)
  const found = await instance.inOrder(
    'proof',
    async () => {
      try {
        const archive = await openBackup(target, info)
        if (info.app === null) {
          const seal = [...instance.sealing.ring.keys.values()].map(({ bytes }) => bytes.toString('base64'))
          by.output.step(`Restoring ${info.name} into an instance that nobody reaches`)
          // Images that have no name yet are not to be removed as left over.
          await instance.inOrder('images', async () => {
            await made.fill(after(JSON.stringify({ open, seal }), archive))
            await made.start()
          })
        } else {
          await made.start()
          by.output.step(`Importing ${info.app} into an instance that nobody reaches`)
          await made.dokku(
            ['apps:import', ...(open[0] === undefined ? [] : ['--unlock'])],
            open[0] === undefined ? archive : after(open[0], archive),
          )
        }
        by.output.step('Starting its apps, counting its rows and reading its files')
        return z.array(z.string()).parse(JSON.parse(await made.dokku(['backup:proof'])))
      } catch (error) {
        if (!(error instanceof UserError)) throw error
        return [error.message]
      } finally {
        await made.remove()
      }
    },
    () => by.output.step('Waiting for another proof to end'),
  )
  for (const problem of found) record(instance.db, { by: by.user, text: `${info.name} failed its proof: ${problem}` })
  return await recordProof(target, info, found)
}

/** Proves the newest backup of the instance, as a schedule does it. Throws where there is none, or it fails. */
export async function proveNewest(instance: Instance, by: By): Promise<void> {
  const target = backupTarget(instance, undefined)
  const [info] = (await listBackups(target)).filter(({ app }) => app === null)
  if (info === undefined) throw new UserError('no-such-backup', `there is no backup of the instance at ${target.url}`)
  const { verified } = await proveBackup(instance, { target, info, key: undefined }, by)
  if (verified !== undefined && verified.problems.length > 0) throw new Error(`${info.name}: ${messageOf(verified.problems[0])}`)
}

/** A line, and what follows it. */
function after(line: string, rest: Readable): Readable {
  return Readable.from(
    (async function* () {
      yield Buffer.from(`${line}\n`)
      yield* rest
    })(),
  )
}
