import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { UserError } from '#lib/errors.ts'
import { isThere, sync } from '#lib/files.ts'
import { guarded } from '../room.ts'
import type { Target } from './target.ts'

/** A folder of control's volume. */
export function localTarget(folder: string): Target {
  return {
    url: 'local',

    async put(name, content) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const unfinished = join(folder, `.${name}`)
      try {
        await pipeline(guarded(content, folder), createWriteStream(unfinished, { mode: 0o600, flush: true }))
        await rename(unfinished, join(folder, name))
        await sync(folder)
      } catch (error) {
        await rm(unfinished, { force: true })
        throw error
      }
    },

    async get(name) {
      if (!(await isThere(join(folder, name)))) throw new UserError('target-failed', `there is no ${name} in ${folder}`)
      return createReadStream(join(folder, name), { highWaterMark: 1024 ** 2 })
    },

    async list() {
      return (await isThere(folder)) ? (await readdir(folder)).filter((name) => !name.startsWith('.')) : []
    },

    async remove(name) {
      await rm(join(folder, name), { force: true })
    },
  }
}
