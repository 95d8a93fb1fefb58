import { UserError } from '#lib/errors.ts'
import { didYouMean } from '#lib/nearest.ts'
import type { App } from '../app.ts'
import { computedProperty } from '../computed-property.ts'
import type { Instance } from '../instance.ts'
import type { ProxyDriver } from '../proxy.ts'
import { nginx } from './nginx.ts'
import { none } from './none.ts'
import { pluginProxies, pluginProxy } from './plugin.ts'

/** Those of ours; plugins may be more. */
export const proxies: readonly ProxyDriver[] = [nginx, none]

/** The proxy of a name. */
export function proxyNamed(name: string): ProxyDriver {
  return proxies.find((one) => one.name === name) ?? pluginProxy(name)
}

/** Who is to serve an app: as was chosen for it or for all; nobody while its proxy is disabled. */
export function proxyOf(app: App): ProxyDriver {
  return proxyNamed(app.properties.get('proxy enabled') === 'false' ? none.name : (computedProperty(app, 'proxy type') ?? nginx.name))
}

/** Refuses a name that no proxy has: UserError `no-such-proxy`. */
export async function assertProxy(instance: Instance, name: string): Promise<void> {
  const known = [...proxies.map((one) => one.name), ...(await pluginProxies(instance))]
  if (known.includes(name)) return
  throw new UserError('no-such-proxy', `there is no proxy ${JSON.stringify(name.slice(0, 40))}`, {
    hint: didYouMean(name, known) ?? known.join(', '),
  })
}
