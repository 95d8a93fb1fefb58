import type { ProbeTarget } from '#nginx'
import type { App } from './app.ts'
import type { AppContainer } from './container.ts'
import type { Healthcheck } from './manifest.ts'

/** What the appliance asks for a check, or, without one, whether anything listens. */
export function probeTargetOf(app: App, { address, port }: Pick<AppContainer, 'address' | 'port'>, check?: Healthcheck): ProbeTarget {
  if (check === undefined) return { address, port }
  const { path, content, httpHeaders, scheme } = check
  return {
    address,
    port: check.port ?? port,
    ...(path === undefined ? {} : { path, host: app.hosts[0] ?? app.name }),
    ...(content === undefined ? {} : { content }),
    ...(httpHeaders.length === 0 ? {} : { headers: Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value])) }),
    ...(scheme?.toLowerCase() === 'https' ? { scheme: 'https' } : {}),
  }
}
