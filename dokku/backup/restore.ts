import { UserError } from '#lib/errors.ts'
import { allApps } from '../app.ts'
import type { Context } from '../context.ts'
import { findBackup, openBackup } from './backups.ts'
import { keysOf } from './choices.ts'
import { firstLine } from './first-line.ts'
import { importApp } from './import-app.ts'
import { readInstance } from './restore-instance.ts'
import { backupTarget } from './targets/targets.ts'

export interface Wish {
  /** A backup at a target, or `-`. */
  name: string
  from: string | undefined
  /** The app in it; undefined is all of it, or the one that there is. */
  app: string | undefined
  as: string | undefined
  /** Is the first line of standard input what opens it? */
  unlock: boolean
}

/** Restores a backup as a command asks for it: an app, or all of it into an instance without apps, which then starts anew. */
export async function restoreBackup({ instance, session, output, identity }: Context, wish: Wish): Promise<void> {
  const { line, rest } = wish.unlock ? await firstLine(session.stdin) : { line: undefined, rest: session.stdin }
  const keys = keysOf(instance, line)
  const target = backupTarget(instance, wish.from)
  const info = wish.name === '-' ? undefined : await findBackup(target, wish.name)
  const archive = info === undefined ? rest : await openBackup(target, info)
  const by = { user: identity.name, output, signal: session.closed }
  const whole = wish.app === undefined && wish.as === undefined && info?.app === null
  const empty = allApps(instance).length === 0
  if (whole && !empty)
    throw new UserError('instance-not-empty', 'a backup of an instance is restored where there is no app, and here are some', {
      hint: `--app APP restores one of it; DOKKU_NAME=OTHER scripts/quickstart --restore FILE makes another instance of it`,
    })
  await instance.inOrder(
    'restore',
    async () => {
      if (!whole && !(info === undefined && empty && wish.app === undefined && wish.as === undefined)) {
        const app = await importApp(instance, archive, { name: wish.app, as: wish.as, keys }, by)
        output.result(`${app.name} is restored:`)
        for (const url of app.urls) output.detail(url)
        return
      }
      const { engine, image, session: mark, settings } = instance
      const host = { engine, image, session: mark, name: settings.name }
      await readInstance(archive, { host, dataDir: settings.dataDir, keys, env: process.env, say: output.step })
      output.result('All of it is here: control starts anew with it')
      process.kill(process.pid, 'SIGTERM')
    },
    () => output.step('Waiting for another restore to end'),
  )
}

/** Makes an app of one in an archive that comes in. */
export async function importFrom({ instance, session, output, identity }: Context, as: string | undefined, unlock: boolean): Promise<void> {
  const { line, rest } = unlock ? await firstLine(session.stdin) : { line: undefined, rest: session.stdin }
  const by = { user: identity.name, output, signal: session.closed }
  const app = await instance.inOrder('restore', () => importApp(instance, rest, { name: undefined, as, keys: keysOf(instance, line) }, by))
  output.result(`${app.name} is imported:`)
  for (const url of app.urls) output.detail(url)
}
