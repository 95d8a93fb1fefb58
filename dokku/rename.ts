import { UserError } from '#lib/errors.ts'
import type { Output } from '#lib/output.ts'
import { type App, assertNameFree, defaultHosts } from './app.ts'
import { label } from './container.ts'
import { containersOf, listContainers, settleContainer } from './containers.ts'
import { assertHostsFree, chooseHost, hostFromPlugins } from './hosts.ts'
import { forsakeImages, moveImages } from './images.ts'
import { reroute } from './routing.ts'

/**
 * Gives an app another name. Containers, routes, repository and history are the app's by its number and stay. What its
 * name is part of follows once it is stored: hosts, names of containers, tags of images; a crash leaves that to the next full pass.
 */
export async function renameApp(app: App, name: string, output: Output): Promise<void> {
  const { instance } = app
  const old = app.name
  app.assertUnlocked()
  if (name === old) throw new UserError('same-name', `${old} is called that already`)
  const check = () => {
    assertNameFree(instance, name)
    assertHostsFree(app, defaultHosts(instance, name))
  }
  check()
  const numbered = await listContainers(instance, { [label.id]: String(app.id), [label.type]: 'deploy' })
  if ((await containersOf(app)).some(({ id, stage }) => stage !== 'retiring' && numbered.every((one) => one.id !== id)))
    throw new UserError('restart-first', `${old} runs in containers of version 0.1.0, which know it by its name only`, {
      hint: `ps:restart ${old}`,
    })
  output.step(`Renaming ${old} to ${name}`)
  const host = await hostFromPlugins(instance, name)
  const rename = () => {
    instance.db.tx(() => {
      // Somebody may have taken it meanwhile.
      check()
      instance.db.run('UPDATE apps SET name = ? WHERE id = ?', name, app.id)
      instance.db.run('UPDATE events SET app = ? WHERE app = ?', name, old)
      chooseHost(app, host)
      forsakeImages(instance, old)
    })
    app.name = name
  }
  await moveImages(app, rename)
  await instance.fire('post-app-rename-setup', { from: old, to: name })
  await reroute(app, output)
  for (const one of await containersOf(app)) if (one.stage === 'serving') await settleContainer(app, one, output)
  await instance.fire('post-app-rename', { from: old, to: name })
  output.result(`${old} is ${name} now:`)
  for (const url of app.urls) output.detail(url)
}
