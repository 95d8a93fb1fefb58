import type { ProxyDriver } from '../proxy.ts'

/** The appliance. */
export const nginx: ProxyDriver = {
  name: 'nginx',
  summary: 'the appliance: nginx, with certificates and all settings',

  async serve({ instance: { appliance } }, { site, routes, because }) {
    const refused = await appliance.putSite(site)
    for (const [name, upstreams] of Object.entries(routes))
      await appliance.setRoutes(name, because === undefined || upstreams.length > 0 ? [...upstreams] : { upstreams: [], because })
    return refused.map(({ reason }) => reason)
  },
  async check({ instance }, { site }) {
    return (await instance.appliance.checkSite(site)).map(({ reason }) => reason)
  },
  leave: ({ instance, site }) => instance.appliance.removeSite(site),
  show: ({ instance, site }) => instance.appliance.configurationOf(site),
  async drain({ instance }, upstreams, timeoutMs) {
    await instance.appliance.drain(upstreams, { timeoutMs })
  },
}
