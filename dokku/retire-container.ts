import { hasStatus } from '#lib/docker.ts'
import { numberedApp } from './app.ts'
import { checksNumber } from './checks.ts'
import type { AppContainer } from './container.ts'
import { removeContainer } from './containers.ts'
import type { Instance } from './instance.ts'
import { keepLogs } from './logs/kept.ts'
import { routesOf } from './ports.ts'
import { proxyOf } from './proxies/proxies.ts'

/** Seconds between SIGTERM and SIGKILL, unless ps:set has stop-timeout-seconds. */
export const stopGrace = 30

/** Lets the last requests end, then SIGTERM, grace, SIGKILL, and removes the container. */
export async function retireContainer(instance: Instance, container: AppContainer): Promise<void> {
  const handle = instance.engine.getContainer(container.id)
  if (container.process === 'web' && container.state === 'running' && container.address !== '')
    await drained(instance, container).catch((error: unknown) =>
      instance.log.warn({ err: error, container: container.name }, 'stopped without draining'),
    )
  if (container.state === 'paused') await handle.unpause().catch(() => undefined)
  await stopContainer(instance, container)
  await Promise.all([keepLogs(instance, container), instance.drains.heard(container.id)])
  await removeContainer(instance, container)
}

/** SIGTERM, then SIGKILL after the grace of its app; one that has ended is fine. */
export async function stopContainer(instance: Instance, { id, appId }: Pick<AppContainer, 'id' | 'appId'>): Promise<void> {
  const app = appId === undefined ? undefined : numberedApp(instance, appId)
  const seconds = app?.properties.get('ps stop-timeout-seconds')
  await instance.engine
    .getContainer(id)
    .stop({ t: seconds === undefined ? stopGrace : Number(seconds) })
    .catch((error: unknown) => {
      if (!hasStatus(error, 304, 404)) throw error
    })
}

/** Waits for what is on its way to a container: to the port that it was told, and to those that are mapped. */
async function drained(instance: Instance, container: AppContainer): Promise<void> {
  const { address, port, appId } = container
  const app = appId === undefined ? undefined : numberedApp(instance, appId)
  if (app === undefined) return void (await instance.appliance.drain([{ address, port }], { timeoutMs: 30_000 }))
  const timeoutMs = checksNumber(app, 'wait-to-retire') * 1000
  await proxyOf(app).drain(app, [{ address, port }, ...Object.values(routesOf(app, [container])).flat()], timeoutMs)
}
