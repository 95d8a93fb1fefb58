import type { Output } from '#lib/output.ts'
import type { App } from './app.ts'
import { containersOf, removeAppNetwork, removeContainer } from './containers.ts'
import { removeImages } from './images.ts'

/**
 * Destroys an app with its containers, images, repository and settings. The database goes first: whatever a crash
 * leaves after that belongs to no app, and the next reconcile removes it.
 */
export async function destroyApp(app: App, output: Output): Promise<void> {
  const { instance } = app
  await instance.fire('pre-delete', { app: app.name })
  output.step(`Destroying ${app.name} (including all add-ons)`)
  await instance.appliance.removeSite(app.name)
  const containers = await containersOf(app)
  instance.db.run('DELETE FROM apps WHERE id = ?', app.id)
  await Promise.all(containers.map((one) => removeContainer(instance, one)))
  await removeImages(instance, app.name)
  await instance.repositories.remove(String(app.id))
  if (instance.network === 'published') await removeAppNetwork(instance, app.id)
  await instance.fire('post-delete', { app: app.name })
}
