import { copyRefs } from '#gitreceive'
import type { App } from './app.ts'
import type { By } from './by.ts'
import { createApp } from './create.ts'
import { currentRelease, draftRelease } from './release.ts'
import { deploy } from './workflow.ts'

/**
 * Makes an app like another: its config, formation and settings, but not its domains, and its repository. Unless told
 * not to, the clone's first release is the image that the other one runs.
 */
export async function cloneApp(app: App, name: string, by: By, { skipDeploy = false } = {}): Promise<void> {
  const { instance } = app
  by.output.step(`Cloning ${app.name} to ${name}`)
  const clone = await createApp(instance, name, ({ id }) => copySettings(app, id))
  const path = (id: number) => instance.repositories.path(String(id))
  await instance.repositories.ensure(String(clone.id), await instance.repositories.formatOf(String(app.id)))
  await copyRefs(path(app.id), path(clone.id))
  const names = { from: app.name, to: name }
  await instance.fire('post-app-clone-setup', names)
  const release = currentRelease(app)
  if (skipDeploy || release === undefined) return await instance.fire('post-app-clone', names)
  const { image, revision, manifest, version } = release
  await instance.inOrder(clone.id, async () => {
    by.output.step(`Deploying ${name}`)
    const first = draftRelease(clone, { description: `Clone of ${app.name} v${version}`, by: by.user, image, revision, manifest })
    await deploy(clone, first, by)
  })
  await instance.fire('post-app-clone', names)
  by.output.result('Application deployed:')
  for (const url of clone.urls) by.output.detail(url)
}

function copySettings({ instance, id }: App, to: number): void {
  const { db } = instance
  db.run('INSERT INTO config SELECT ?, key, value FROM config WHERE app_id = ?', to, id)
  db.run(
    'INSERT INTO docker_options (app_id, phase, process, option, origin) SELECT ?, phase, process, option, origin FROM docker_options WHERE app_id = ? ORDER BY id',
    to,
    id,
  )
  db.run('INSERT INTO formation SELECT ?, process, quantity FROM formation WHERE app_id = ?', to, id)
  // What lets somebody deploy to one app must not let them deploy to its clones.
  const others = "name NOT LIKE 'domains %' AND name NOT LIKE 'webhooks %'"
  const own = `${others} AND name NOT IN ('redirect front', 'nginx allow-raw-config')`
  db.run(`INSERT INTO properties SELECT ?, name, value FROM properties WHERE app_id = ? AND ${own}`, to, id)
}
