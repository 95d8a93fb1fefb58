import { type App, numberedApp } from '../app.ts'
import { label } from '../container.ts'
import { listContainers } from '../containers.ts'
import type { Instance } from '../instance.ts'
import { type Following, follow } from '../logs/follow.ts'
import { allDrains, type Drain, forgetPositions } from './drains.ts'
import { Pump } from './pump.ts'
import type { Draining } from './state.ts'

/** How long a container that is to be removed waits for its last lines to be heard. */
const lastLinesMs = 5_000

/** Nothing is followed unless there is a drain. `instance` is asked for once it begins. */
export function draining(instance: () => Instance): Draining {
  const pumps = new Map<number, { drain: Drain; pump: Pump }>()
  let current: { following: Following; ended: AbortController } | undefined

  const stop = async () => {
    current?.ended.abort()
    await current?.following.done
    current = undefined
  }
  const begin = async () => {
    const here = instance()
    await stop()
    const wanted = new Map(allDrains(here).map((drain) => [drain.id, drain]))
    for (const [id, { pump }] of pumps)
      if (!wanted.has(id)) {
        pumps.delete(id)
        await pump.close()
      }
    for (const [id, drain] of wanted) if (!pumps.has(id)) pumps.set(id, { drain, pump: new Pump(here, drain) })
    if (pumps.size === 0) return
    const there = (await listContainers(here, { [label.type]: 'deploy' })).map(({ id }) => id)
    forgetPositions(here, new Set(there))
    const all = [...pumps.values()]
    for (const { pump } of all) pump.again()
    const oldest = (id: string) => all.map(({ pump }) => pump.since(id)).toSorted()[0] ?? ''
    const of = (app: number) => all.filter(({ drain }) => drain.appId === null || drain.appId === app)
    const apps = new Map<number, App | undefined>()
    const ended = new AbortController()
    const following = follow(here, {
      seen: new Map(there.map((id) => [id, oldest(id)])),
      wants: ({ app }) => of(app).length > 0,
      heard: (line, { id: container, app, dyno, release }) => {
        // An app may be renamed while it is followed, and keeps its object.
        if (!apps.has(app)) apps.set(app, numberedApp(here, app))
        const name = apps.get(app)?.name ?? String(app)
        for (const { pump } of of(app)) pump.push({ ...line, app: name, dyno, release, container })
      },
      signal: ended.signal,
    })
    current = { following, ended }
  }
  return {
    poke: () =>
      instance()
        .inOrder('drains', begin)
        .catch((error: unknown) => instance().log.error({ err: error }, 'drains could not be looked at')),
    heard: async (container) => {
      if (current === undefined) return
      const { promise: late, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, lastLinesMs)
      await Promise.race([current.following.ended(container), late])
      clearTimeout(timer)
    },
    state: ({ id }) => pumps.get(id)?.pump.state,
    close: async () => {
      await stop()
      await Promise.all([...pumps.values()].map(({ pump }) => pump.close()))
    },
  }
}
