import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { messageOf, UserError } from '#lib/errors.ts'
import { isThere } from '#lib/files.ts'
import { output } from '#lib/output.ts'
import { decompressed } from '#lib/zstd.ts'
import { allApps } from '../app.ts'
import { converge } from '../converge.ts'
import type { Instance } from '../instance.ts'
import { currentRelease } from '../release.ts'
import { volumeOf } from '../storage/mounts.ts'
import { expectation, proofFile } from './proof-file.ts'
import { countRows } from './rows.ts'
import { treeDigest } from './tree-digest.ts'
import { volumeReader } from './volume-reader.ts'

/** What of an instance that was made to prove a backup is not as it has to be: its apps are started, its rows counted, its files read. */
export async function proveSelf(instance: Instance): Promise<string[]> {
  const { settings, db } = instance
  if (!settings.scratch) throw new UserError('not-scratch', 'this instance is no proof of a backup', { hint: 'backup:verify makes one' })
  const file = join(settings.dataDir, proofFile)
  const expected = expectation.parse((await isThere(file)) ? JSON.parse(await readFile(file, 'utf8')) : { volumes: {} })
  const rows = countRows(db)
  const problems = Object.entries(expected.rows ?? {})
    .filter(([table, count]) => rows[table] !== count)
    .map(([table, count]) => `${table}: ${rows[table] ?? 0} rows, and the backup was made of ${count}`)
  for (const [name, digest] of Object.entries(expected.volumes)) {
    if ((await digestOf(instance, volumeOf(settings.name, name))) !== digest)
      problems.push(`the volume ${name} holds other files than the backup`)
  }
  const quiet = output(
    () => undefined,
    () => undefined,
  )
  const started = await Promise.all(
    allApps(instance).map(async (app) => {
      const release = currentRelease(app)
      if (release === undefined || app.state.stopped) return undefined
      try {
        await instance.inOrder(app.id, () => converge(app, release, quiet, { signal: instance.stopping }))
      } catch (error) {
        return `${app.name} does not start: ${messageOf(error).split('\n')[0]}`
      }
    }),
  )
  return [...problems, ...started.filter((one) => one !== undefined)]
}

/** Of all files in a volume, read as a backup reads them. */
async function digestOf(instance: Instance, volume: string): Promise<string> {
  const reader = await volumeReader(instance, volume)
  try {
    await reader.start()
    return await treeDigest(Readable.from(decompressed(reader.read())))
  } finally {
    await reader.remove()
  }
}
