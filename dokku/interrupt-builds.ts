import { appendFile, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type App, allApps } from './app.ts'
import { trimCache } from './build-cache.ts'
import type { Build } from './build-record.ts'
import { logFolder, logPath, openBuilds, storeBuild, treeFolder } from './builds.ts'
import type { Instance } from './instance.ts'
import { isReleased, recordEnd } from './recording.ts'

/** Marks the builds under which control ended, and removes what they and apps that are gone left on the volume. Call it before anything is built. */
export async function interruptBuilds(instance: Instance): Promise<void> {
  for (const { app, build } of openBuilds(instance)) {
    const ended = isReleased(app, build) ? { ...build, status: 'succeeded' as const } : await interrupted(app, build)
    storeBuild(instance, { ...ended, finishedAt: new Date().toISOString() })
    recordEnd(app, ended, 'dokku')
  }
  await rm(treeFolder(instance), { recursive: true, force: true })
  const known = new Set(allApps(instance).map(({ id }) => String(id)))
  for (const name of await readdir(logFolder(instance)).catch(() => []))
    if (!known.has(name)) await rm(join(logFolder(instance), name), { recursive: true, force: true })
}

async function interrupted(app: App, build: Build): Promise<Build> {
  const error = 'control ended while it was under way'
  const path = logPath(app, build.number)
  try {
    // It was last heard of when it last said something.
    const { mtimeMs: to } = await stat(path)
    if (build.startedAt !== null) void trimCache(app.instance, { from: Date.parse(build.startedAt), to })
    await appendFile(path, ` !     Build ${build.number} of ${app.name} was interrupted: ${error}\n`)
  } catch (failure) {
    app.instance.log.warn({ err: failure, path }, 'the output of an interrupted build could not be ended')
  }
  return { ...build, status: 'interrupted', version: null, error }
}
