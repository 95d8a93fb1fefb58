import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { findApp, maybeApp } from './app.ts'
import { label } from './container.ts'
import { joinNetworks } from './containers.ts'
import { syncRoutes } from './converge.ts'
import { untilAppliance } from './health.ts'
import { type Instance, objectNames } from './instance.ts'
import { reconcileApp } from './reconcile.ts'

interface Event {
  Action: string
  Actor: { Attributes: Record<string, string> }
}

/** Follows the engine's events of this instance: heals the other two roles, and puts back app containers removed by hand. */
export function followEngine(instance: Instance, heal: () => Promise<void>): { close(): void } {
  const names = objectNames(instance.settings.name)
  const ended = new AbortController()
  let stream: Readable | undefined

  const handle = async ({ Action: action, Actor: { Attributes: attributes } }: Event): Promise<void> => {
    const name = attributes.name ?? ''
    if (name === names.gateway || name === names.appliance) {
      // Docker does not restart what `docker kill` or `docker stop` ended.
      if (action === 'destroy' || action === 'die') await heal()
      if (action === 'start' && name === names.appliance) {
        await joinNetworks(instance)
        await untilAppliance(instance)
        await syncRoutes(instance)
      }
      return
    }
    const app = maybeApp(instance, attributes[label.app] ?? '')
    const expected = name.includes('.retiring-') || name.includes('.upcoming-') || attributes[label.type] !== 'deploy'
    if (app !== undefined && action === 'destroy' && !expected) await reconcileApp(findApp(instance, app.name))
  }

  const follow = async (): Promise<void> => {
    stream = (await instance.engine.getEvents({
      filters: { type: ['container'], label: [`${label.instance}=${instance.settings.name}`], event: ['die', 'destroy', 'start'] },
    })) as Readable
    for await (const line of createInterface({ input: stream }))
      handle(JSON.parse(line) as Event).catch((error: unknown) => instance.log.error({ err: error }, 'could not act on an engine event'))
  }

  const keepFollowing = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      await follow().catch((error: unknown) => instance.log.warn({ err: error }, 'the engine does not answer'))
      if (!ended.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
  void keepFollowing()

  return {
    close() {
      ended.abort()
      stream?.destroy()
    },
  }
}
