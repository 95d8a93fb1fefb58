import { type App, allApps } from '../app.ts'
import { type AppContainer, label } from '../container.ts'
import { listContainers } from '../containers.ts'
import { crashText } from '../crashes.ts'
import { unsettled } from '../reconcile.ts'
import { type Check, type Finding, ok, wrong } from './check.ts'

/** What of an app is not as its release says. */
export function driftOf(app: App, existing: readonly AppContainer[]): Finding[] {
  const hint = `logs ${app.name} shows why; releases:rollback ${app.name} goes back`
  const looping = app.instance.crashes.of(app).map((one) => wrong(`${app.name}: ${crashText(one)}`, hint))
  if (looping.length > 0) return looping
  const restarting = existing.filter(({ state }) => state === 'restarting')
  if (restarting.length > 0) return [wrong(`${app.name} ends again and again: ${names(restarting)}`, hint)]
  const text = unsettled(app, existing)
  return text === undefined
    ? []
    : [wrong(`${app.name} is not as it should be: ${text}`, `events --app ${app.name}; ps:restart ${app.name}`)]
}

function names(containers: readonly AppContainer[]): string {
  return containers.map(({ process, index }) => `${process}.${index}`).join(', ')
}

export const drift: Check = {
  name: 'drift',

  async look(instance) {
    const byApp = Map.groupBy(await listContainers(instance, { [label.type]: 'deploy' }), ({ appId }) => appId)
    // What changes an app now brings it to where it should be.
    const still = allApps(instance).filter((app) => !instance.inOrder.busy(app.id))
    const found = still.flatMap((app) => driftOf(app, byApp.get(app.id) ?? []))
    return found.length > 0 ? found : [ok('every app is as its release says')]
  },
}
