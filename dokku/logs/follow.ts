import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AppContainer, label } from '../container.ts'
import { listContainers } from '../containers.ts'
import { when } from '../context.ts'
import type { Instance } from '../instance.ts'
import { engineLines } from './engine-lines.ts'
import type { LogLine } from './line.ts'

/** A container whose lines are followed. */
export interface Followed {
  id: string
  /** Number of the app. */
  app: number
  process: string
  dyno: string
  release: number
}

export interface FollowWanted {
  /** Of one app; without it, of all. */
  app?: number
  /** By container, the time of the last line that was heard; it is kept up to date. */
  seen: Map<string, string>
  wants(container: Followed): boolean
  heard(line: LogLine, container: Followed): void | Promise<void>
  signal: AbortSignal
}

export interface Following {
  /** Resolves once the signal has ended it. */
  readonly done: Promise<void>
  /** Resolves once all that a container which ended had written was heard. */
  ended(container: string): Promise<void>
}

/** How long the engine may take to be there again before it is asked again. */
const againMs = 500

/**
 * Hears the lines of deployed containers as they come, over deploys, restarts and scaling: of each from its first line that
 * was not heard yet to its last. Until the signal; an engine that is restarted is followed again.
 */
export function follow(instance: Instance, { app, seen, wants, heard, signal }: FollowWanted): Following {
  const { engine, settings, log } = instance
  const running = new Map<string, Promise<void>>()
  const again = new Set<string>()
  const read = async (one: Followed): Promise<void> => {
    do {
      again.delete(one.id)
      const since = seen.get(one.id)
      // Only at first: a clock that is set back later loses no line.
      let begun = since === undefined
      for await (const line of engineLines(engine.getContainer(one.id), { since, follow: true, signal })) {
        begun ||= line.time > (since ?? '')
        if (!begun) continue
        await heard(line, one)
        seen.set(one.id, line.time)
      }
    } while (again.has(one.id) && !signal.aborted)
    running.delete(one.id)
  }
  const begin = (one: Followed) => {
    if (!wants(one)) return
    // What ended and starts again may still be read to its end.
    if (running.has(one.id)) again.add(one.id)
    else
      running.set(
        one.id,
        read(one).catch((error: unknown) => {
          running.delete(one.id)
          if (!signal.aborted) log.warn({ err: error, container: one.id }, 'the lines of a container are not followed any more')
        }),
      )
  }
  const scope = { [label.instance]: settings.name, [label.type]: 'deploy', ...(app === undefined ? {} : { [label.id]: String(app) }) }
  const filters = { type: ['container' as const], event: ['start'], label: Object.entries(scope).map(([key, value]) => `${key}=${value}`) }
  const run = async () => {
    while (!signal.aborted) {
      try {
        const events = (await engine.getEvents({ filters })) as Readable
        const told = createInterface({ input: events })
        when(signal, () => {
          // It would wait for the end of a stream that has none.
          told.close()
          events.destroy()
        })
        for (const one of await listContainers(instance, scope)) begin(followedOf(one))
        for await (const text of told) begin(startedIn(text))
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error }, 'the engine does not tell of new containers')
      }
      if (!signal.aborted) await sleep(againMs, undefined, { signal }).catch(() => undefined)
    }
    await Promise.all(running.values())
  }
  return { done: run(), ended: (id) => running.get(id) ?? Promise.resolve() }
}

function followedOf({ id, appId = 0, process, index, version }: AppContainer): Followed {
  return { id, app: appId, process, dyno: `${process}.${index}`, release: version }
}

function startedIn(text: string): Followed {
  const { Actor: actor } = JSON.parse(text) as { Actor: { ID: string; Attributes: Record<string, string> } }
  const { [label.process]: process = '', [label.dyno]: dyno = '', [label.release]: release, [label.id]: app } = actor.Attributes
  return { id: actor.ID, app: Number(app), process, dyno, release: Number(release) }
}
