import { type App, assertNameFree, findApp } from './app.ts'
import { assertHostsFree, chooseHost, hostFromPlugins } from './hosts.ts'
import type { Instance } from './instance.ts'
import { checkAppName } from './names.ts'
import { actor } from './nested.ts'
import { grant, isUser } from './users.ts'

/** Creates an app; the name is checked and must be free. `fill` gives it its first settings. */
export async function createApp(instance: Instance, name: string, fill?: (app: App) => void): Promise<App> {
  checkAppName(name)
  assertNameFree(instance, name)
  const host = await hostFromPlugins(instance, name)
  const app = instance.db.tx(() => {
    // Somebody may have taken it meanwhile.
    assertNameFree(instance, name)
    instance.db.run('INSERT INTO apps (name, created_at) VALUES (?, ?)', name, new Date().toISOString())
    const made = findApp(instance, name)
    chooseHost(made, host)
    assertHostsFree(made, made.defaultHosts)
    fill?.(made)
    giveToCreator(made)
    return made
  })
  await instance.repositories.ensure(String(app.id))
  await instance.fire('post-create', { app: name })
  return app
}

/** Whoever made an app may do everything with it. */
function giveToCreator(app: App): void {
  const { db } = app.instance
  const who = actor()?.identity
  if (who !== undefined && who.role() !== 'admin' && who.credential !== 'dokku' && isUser(db, who.name)) grant(db, who.name, 'admin', app)
}
