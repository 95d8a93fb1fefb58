import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '#lib/errors.ts'
import type { WantedSite } from '#nginx'
import type { App } from '../app.ts'
import type { Instance } from '../instance.ts'
import type { ProxyDriver } from '../proxy.ts'

/** Nobody tells us when a proxy of a plugin's has sent its last request to a container: it has this long, in milliseconds. */
const retireMs = 10_000

/** A proxy that plugins are, by the hooks `proxy-serve` and `proxy-leave`. */
export function pluginProxy(name: string): ProxyDriver {
  return {
    name,
    summary: 'a plugin',

    async serve(app, { site, routes }) {
      if (!(await pluginProxies(app.instance)).includes(name)) throw gone(app, name)
      const { hosts } = site
      const upstreams = (routes[app.site] ?? []).map(({ address, port }) => `${address}:${port}`)
      await app.instance.fire('proxy-serve', { type: name, app: app.name, hosts, upstreams, encrypted: site.tls !== undefined })
      return beyond(site, name)
    },
    check: async (_app, { site }) => beyond(site, name),
    async leave(app) {
      await app.instance.fire('proxy-leave', { type: name, app: app.name })
    },
    show: async () => '',
    async drain(_app, _upstreams, timeoutMs) {
      await sleep(Math.min(retireMs, timeoutMs))
    },
  }
}

/** The names of the proxies that plugins are. */
export async function pluginProxies(instance: Instance): Promise<string[]> {
  const answers = await instance.collect('proxy-names', {})
  return answers.flatMap((answer) => answer.split('\n').map((line) => line.trim())).filter((line) => /^[a-z][a-z0-9-]{0,30}$/.test(line))
}

/** In words, what of a site only nginx can do. */
function beyond({ listeners, options, front, additions }: WantedSite, name: string): string[] {
  const settings: readonly [unknown, string][] = [
    [listeners, 'ports:*'],
    [options, 'nginx:set'],
    [front, 'maintenance, http-auth, redirect, limits and pages'],
    [additions, 'what plugins and nginx.conf.sigil add for nginx'],
  ]
  return settings.filter(([value]) => value !== undefined).map(([, what]) => `${what}: ${name} does not do that, nginx does`)
}

function gone({ name }: App, type: string): UserError {
  return new UserError('no-such-proxy', `no plugin is the proxy ${type} of ${name}`, { hint: `proxy:set ${name} type nginx` })
}
