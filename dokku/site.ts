import { join } from 'node:path'
import { messageOf } from '#lib/errors.ts'
import { readIfThere, writeWhole } from '#lib/files.ts'
import type { Output } from '#lib/output.ts'
import type { WantedSite } from '#nginx'
import { type App, numberedApp } from './app.ts'
import { heard } from './by.ts'
import { tlsOf } from './certificates.ts'
import { recordOnce } from './journal.ts'
import { sitePlaces } from './plugin-library.ts'
import { show } from './plugin-views.ts'
import { listenersOf } from './ports.ts'
import { frontOf, redirectedHosts } from './site-front.ts'
import { optionsOf } from './site-options.ts'
import { templateOf, withTemplate } from './site-template.ts'
import { besideFile, readSiteTexts, type SitePlaces, type SiteTexts } from './site-texts.ts'

/** Apps whose plugins are being asked: what they call meanwhile asks nobody again. */
const building = new Set<App>()

/** The site of an app: its hosts, and what plugins keep for it in the app's folder; in words, what of that is left out. */
export async function siteOf(app: App, places = sitePlaces): Promise<{ site: WantedSite; left: readonly string[] }> {
  // What cannot be read may be a password: nothing is served without it that was served with it.
  const { additions, left } = await readSiteTexts(app.name, places).catch(
    (error: unknown): SiteTexts => ({ additions: 'kept', left: [messageOf(error)] }),
  )
  const template = await templateOf(app)
  const all = withTemplate(app, additions, template.text)
  const added = all === undefined ? {} : { additions: all }
  const hosts = [...new Set([...app.hosts, ...redirectedHosts(app)])]
  const parts = { ...tlsOf(app), ...listenersOf(app), ...optionsOf(app), ...frontOf(app), ...added }
  return { site: { name: app.site, hosts, ...parts }, left: [...left, ...template.left] }
}

/**
 * Lets plugins write what is to be served beside an app's server block, by the hook `nginx-pre-reload`: what stands in
 * `nginx.conf` before or after our part of it then. When one of them fails, what they wrote last stays.
 * Answers in words what went wrong.
 */
export async function buildSite(
  app: App,
  at: { port: number; address: string } | undefined,
  output: Output,
  { home }: Pick<SitePlaces, 'home'> = sitePlaces,
): Promise<string[]> {
  const folder = join(home, app.name)
  const view = join(folder, 'nginx.conf')
  const kept = join(folder, besideFile)
  if (building.has(app)) return []
  building.add(app)
  try {
    const ours = siteView(app.name, app.hosts, folder)
    await show(view, ours)
    const input = { app: app.name, port: at?.port ?? 5000, address: at?.address ?? '' }
    if (await app.instance.plugins.handles('nginx-pre-reload')) await app.instance.fire('nginx-pre-reload', input, heard({ output }))
    const [before, after] = ((await readIfThere(view)) ?? '').split(ours)
    if (after === undefined) return [`${view}: dokku's own part was changed, so nothing of it is served; write before or after it`]
    const beside = `${before}${after}`
    if (((await readIfThere(kept)) ?? '') !== beside) await writeWhole(kept, beside)
    return []
  } catch (error) {
    return [messageOf(error)]
  } finally {
    building.delete(app)
  }
}

/** Says what of an app's site is not served, to whoever waits and among the events. */
export function tellUnserved(app: App, unserved: readonly string[], output?: Output): readonly string[] {
  const texts = named(app, unserved)
  for (const text of texts) output?.warn(`Not served: ${text}`)
  if (texts.length > 0) recordOnce(app.instance.db, { app: app.name, by: 'dokku', text: `not served: ${texts.join('; ')}` })
  return texts
}

/** The appliance's words, with the names of apps in place of those of their sites. */
export function named({ instance }: App, texts: readonly string[]): string[] {
  return texts.map((text) => text.replace(/(?<![\w.-])app-(\d+)(?![\w.-])/g, (site, id) => numberedApp(instance, Number(id))?.name ?? site))
}

/** Our part of `nginx.conf`. It is there to be looked at, as the appliance has a configuration of its own. Pure. */
export function siteView(app: string, hosts: readonly string[], folder: string): string {
  return `# The site of ${app}: this part is dokku's. What plugins write before or after it is served beside it.
server {
  listen 80;
  listen [::]:80;
  server_name ${hosts.join(' ') || '""'};
  include ${folder}/nginx.conf.d/*.conf;
}
# The end of dokku's part.
`
}
