import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import * as z from 'zod'
import { copyRefs } from '#gitreceive'
import type { Database } from '#lib/database.ts'
import { messageOf, UserError } from '#lib/errors.ts'
import { isThere } from '#lib/files.ts'
import { type App, assertNameFree } from '../app.ts'
import type { By } from '../by.ts'
import { converge } from '../converge.ts'
import { createApp } from '../create.ts'
import { syncImages } from '../images.ts'
import type { Instance } from '../instance.ts'
import { checkAppName } from '../names.ts'
import { currentRelease } from '../release.ts'
import { sealAgain } from '../secrets/sealing.ts'
import { imagesOf, servicesSchema } from '../services.ts'
import { volumeOf } from '../storage/mounts.ts'
import type { Keys } from './envelope.ts'
import { dropVolumes, fillVolume, volumeThere } from './kept-volumes.ts'
import type { Manifest } from './manifest.ts'
import { renameVolumes } from './renamed-volumes.ts'
import { pinLoaded } from './saved-images.ts'
import { stagingFolder, takeBackup } from './staging.ts'
import type { Host } from './volume-archive.ts'

export interface Importing {
  /** The app in the backup; undefined is the one that there is. */
  name: string | undefined
  /** What it is to be called. */
  as: string | undefined
  keys: Keys
}

const imageRow = z.object({ image: z.string(), services: z.string().nullable() })

/**
 * Makes a new app of one in a backup: its settings, releases with their images, repository and volumes. One whose name is taken, and a volume
 * whose name is, get another. UserError `app-exists`, `not-in-backup`, and those of `takeBackup`; whatever fails leaves nothing behind.
 */
export async function importApp(instance: Instance, archive: Readable, { name, as, keys }: Importing, by: By): Promise<App> {
  const { engine, image, session, settings } = instance
  const host: Host = { engine, image, session, name: settings.name }
  const folder = join(settings.dataDir, stagingFolder)
  const database = join(folder, 'dokku.sqlite')
  const volumes = new Map<string, string>()
  let chosen = { id: 0, name: '' }
  let images: string[] = []
  let release = async (): Promise<void> => undefined
  await dropVolumes(host, folder)
  try {
    const manifest = await takeBackup(archive, {
      host,
      dataDir: settings.dataDir,
      keys,
      env: process.env,
      say: by.output.step,
      begin: async (manifest) => {
        chosen = choose(manifest, name)
        const called = checkAppName(as ?? chosen.name)
        assertNameFree(instance, called)
        const wanted = manifest.volumes.filter(({ apps }) => apps.includes(chosen.name)).map((one) => one.name)
        for (const one of wanted) volumes.set(one, await freeName(host, one, called))
        return { apps: new Set([chosen.id]), volumes: new Set(wanted), files: false }
      },
      database: async ({ db, sealing }, manifest) => {
        // As what runs here seals, so that rows can be taken over as they are.
        sealing.current = instance.sealing.current
        if (sealing.current !== undefined) sealing.ring.keys.set(sealing.current.id, sealing.current)
        sealAgain(db, sealing)
        const names = new Map([...volumes].map(([from, to]) => [volumeOf(manifest.instance, from), volumeOf(settings.name, to)]))
        renameVolumes(db, (volume) => names.get(volume) ?? volume)
        images = imagesIn(db, chosen.id)
      },
      images: async (load) => {
        const pinned = await pinLoaded(instance, images, load)
        release = pinned.release
      },
      volume: (from, tar) => fillVolume(host, folder, volumes.get(from) ?? from, tar),
    })
    if (!(await isThere(database))) throw new UserError('broken-archive', 'the backup cannot be used: there is no database in it')
    const app = await takeApp(
      instance,
      { database, id: chosen.id, name: as ?? chosen.name, renamed: as !== undefined && as !== chosen.name },
      by,
    )
    const repository = join(folder, 'repositories', `${chosen.id}.git`)
    if (await isThere(repository)) {
      await instance.repositories.ensure(String(app.id), manifest.apps.find(({ id }) => id === chosen.id)?.objects)
      await copyRefs(repository, instance.repositories.path(String(app.id)))
    }
    await rm(join(folder, 'volumes.json'), { force: true })
    await syncImages(instance)
    await serve(app, by)
    return app
  } finally {
    await release()
    await dropVolumes(host, folder)
    await rm(folder, { recursive: true, force: true })
  }
}

/** UserError `not-in-backup`. */
function choose({ apps }: Manifest, name: string | undefined): { id: number; name: string } {
  const found = name === undefined && apps.length === 1 ? apps[0] : apps.find((one) => one.name === name)
  if (found !== undefined) return found
  const names = apps.map((one) => one.name).join(', ')
  throw new UserError('not-in-backup', name === undefined ? `the backup holds ${apps.length} apps` : `the backup holds no app ${name}`, {
    hint: `it holds ${names || 'none'}: --app APP names one`,
  })
}

/** A name for a volume that none has here: its own, else one with the app's. */
async function freeName(host: Host, name: string, app: string): Promise<string> {
  for (const one of [name, `${app}-${name}`]) if (!(await volumeThere(host, one))) return one
  throw new UserError('volume-taken', `there are volumes ${name} and ${app}-${name} already, and their data stays as it is`, {
    hint: `storage:destroy ${app}-${name}`,
  })
}

function imagesIn(db: Database, id: number): string[] {
  const rows = db.all(imageRow, "SELECT image, json_extract(manifest, '$.services') AS services FROM releases WHERE app_id = ?", id)
  const parsed = (services: string | null) => (services === null ? undefined : servicesSchema.parse(JSON.parse(services)))
  return rows.flatMap(({ image, services }) => [image, ...Object.values(imagesOf({ services: parsed(services) }))])
}

/** What an app is in the database, from another one; a host that another app has is left to it. */
async function takeApp(
  instance: Instance,
  { database, id, name, renamed }: { database: string; id: number; name: string; renamed: boolean },
  by: By,
): Promise<App> {
  const { db } = instance
  db.run('ATTACH DATABASE ? AS taken', database)
  try {
    const app = await createApp(instance, name, (made) => {
      for (const [table, columns] of tables)
        db.run(
          `INSERT OR REPLACE INTO main.${table} (app_id, ${columns}) SELECT ?, ${columns} FROM taken.${table} WHERE app_id = ?`,
          made.id,
          id,
        )
      // A host of its own stays with whoever has it, and so does what lets somebody else deploy to the first of two.
      db.run(
        `INSERT OR REPLACE INTO main.properties (app_id, name, value) SELECT ?, name, value FROM taken.properties WHERE app_id = ? AND name <> 'domains host'${renamed ? " AND name NOT LIKE 'webhooks %'" : ''}`,
        made.id,
        id,
      )
      db.run(
        'INSERT OR IGNORE INTO main.domains (app_id, host) SELECT ?, host FROM taken.domains WHERE app_id = ? ORDER BY rowid',
        made.id,
        id,
      )
      db.run(
        'UPDATE main.apps SET (stopped, locked, restarts, release_id) = (SELECT stopped, locked, restarts, (SELECT now.id FROM main.releases AS now JOIN taken.releases AS was ON was.version = now.version WHERE now.app_id = ? AND was.id = old.release_id) FROM taken.apps AS old WHERE old.id = ?) WHERE id = ?',
        made.id,
        id,
        made.id,
      )
    })
    const left = db.all(
      z.object({ host: z.string() }),
      'SELECT host FROM taken.domains WHERE app_id = ? EXCEPT SELECT host FROM main.domains WHERE app_id = ?',
      id,
      app.id,
    )
    for (const { host } of left) by.output.warn(`${host} is another app’s here, and stays with it`)
    return app
  } finally {
    db.script('DETACH DATABASE taken')
  }
}

/** What is an app's, and what of it. */
const tables = [
  ['releases', 'version, image, config, formation, manifest, options, args, revision, description, created_by, created_at'],
  ['config', 'key, value'],
  ['formation', 'process, quantity'],
  ['docker_options', 'phase, process, option, origin'],
  ['certificates', 'chain, key, origin, not_after, stored_at'],
  ['drains', 'url, inner, created_at'],
] as const

async function serve(app: App, by: By): Promise<void> {
  const release = currentRelease(app)
  if (release === undefined || app.state.stopped) return
  by.output.step(`Starting ${app.name} v${release.version}`)
  await app.instance.inOrder(app.id, async () => {
    try {
      await converge(app, release, by.output, { signal: by.signal })
    } catch (error) {
      throw new UserError('not-started', `${app.name} is there with all it had, but does not start: ${messageOf(error)}`, {
        hint: `logs ${app.name}; ps:restart ${app.name} tries again`,
        cause: error,
      })
    }
  })
}
