import { type App, allApps, globalDomains, maybeApp } from './app.ts'
import { certificateOf } from './certificates.ts'
import type { Fire, Hooks } from './hooks.ts'
import type { Instance } from './instance.ts'
import { appsRoot } from './plugin-environment.ts'
import { type AppView, removeAppView, removeCertificateView, type ViewRoots, writeAppView, writeViews } from './plugin-views.ts'

const rootsOf = ({ settings: { dataDir } }: Instance): ViewRoots => ({ root: appsRoot, lib: dataDir })
const viewOf = (app: App): AppView => {
  const certificate = certificateOf(app)
  return { name: app.name, config: app.config.all(), hosts: app.hosts, ...(certificate === undefined ? {} : { certificate }) }
}

/** Hooks of every deploy at which no view can have changed since the one before: without a handler, nothing is done for them. */
const inBetween = new Set<keyof Hooks>(['pre-deploy', 'post-container-create', 'check-deploy'])

/** At the start: makes the views of all apps those of now. */
export async function viewAll(instance: Instance): Promise<void> {
  await trying(instance, () => writeViews(rootsOf(instance), globalDomains(instance), allApps(instance).map(viewOf)))
}

/** Fires hooks so that whoever handles one finds the app's view as it is by then. */
export function viewed(fire: Fire, instance: () => Instance, rootsFor = rootsOf): Fire {
  return async (name, input, own) => {
    const here = instance()
    if (inBetween.has(name) && !(await here.plugins.handles(name))) return
    const roots = rootsFor(here)
    const { app, from, to } = input as { app?: string; from?: string; to?: string }
    const about = app ?? to
    const shown = about === undefined ? undefined : maybeApp(here, about)
    if (shown !== undefined) await trying(here, () => writeAppView(roots, viewOf(shown)))
    if (name === 'post-certs-remove' && app !== undefined) await trying(here, () => removeCertificateView(roots, app))
    if (name === 'post-delete' && app !== undefined) await trying(here, () => removeAppView(roots, app))
    await fire(name, input, own)
    if (name === 'post-app-rename' && from !== undefined) await trying(here, () => removeAppView(roots, from))
  }
}

/** What goes wrong with a view holds up nothing else. */
async function trying(instance: Instance, work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => instance.log.error({ err: error }, 'a view for plugins could not be written'))
}
