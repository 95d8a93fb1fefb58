import { cp, readdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { docker } from '#lib/docker.ts'
import { messageOf } from '#lib/errors.ts'
import { isThere } from '#lib/files.ts'
import { formatSize } from '#lib/size.ts'
import { hostMisfits, store } from '#plugn'
import { openState } from '../state.ts'
import { version } from '../version.ts'

/** What stands against an upgrade, as the newer image sees it: on a copy of the database, changing nothing. */
export const preflightSchema = z.object({
  version: z.string(),
  /** Migrations that it would bring to the database; all of them went well on the copy. */
  migrations: z.array(z.string()),
  problems: z.array(z.string()),
  /** Plugins that do not fit, and what to do; they would stay enabled. */
  misfits: z.array(z.string()),
})

export type Preflight = z.infer<typeof preflightSchema>

/** Where it sees a copy of the database. */
export const preflightFolder = '/preflight'

/** Free on the volume for the copy of the database, logs and what comes; in bytes. */
const leastFree = 512 * 1024 ** 2

/** The role `preflight` of an image: the volume of the instance is there to be read, `folder` holds a copy of its database. */
export async function preflight(dataDir: string, env: NodeJS.ProcessEnv): Promise<Preflight> {
  const folder = preflightFolder
  const problems: string[] = []
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work()
    } catch (error) {
      problems.push(messageOf(error))
      return undefined
    }
  }
  await attempt(() => docker())
  const { bavail, bsize } = await statfs(dataDir)
  if (bavail * bsize < leastFree)
    problems.push(`only ${formatSize(bavail * bsize)} of the disk are free; ${formatSize(leastFree)} is the least`)
  const migrations = await attempt(async () => {
    if (await isThere(join(dataDir, 'secrets'))) await cp(join(dataDir, 'secrets'), join(folder, 'secrets'), { recursive: true })
    const { db } = await openState(folder, '', env)
    db.close()
    const before = (await readdir(folder)).find((name) => name.startsWith('dokku.sqlite.before-'))
    return before === undefined ? [] : await migrationsSince(before.slice(-4))
  })
  const misfits = await attempt(() => hostMisfits(store(join(dataDir, 'plugins')), { version }))
  return {
    version,
    migrations: migrations ?? [],
    problems,
    misfits: (misfits ?? []).map(({ message, remedy }) => `${message}: ${remedy}`),
  }
}

/** The names of all from that number on. */
async function migrationsSince(first: string): Promise<string[]> {
  const names = await readdir(join(import.meta.dirname, '../migrations'))
  return names
    .filter((name) => /^\d{4}-.*\.sql$/.test(name) && name.slice(0, 4) >= first)
    .map((name) => name.slice(0, -4))
    .sort()
}
