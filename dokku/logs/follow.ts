import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { App } from '../app.ts'
import { type AppContainer, label } from '../container.ts'
import { containersOf } from '../containers.ts'
import { when } from '../context.ts'
import { engineLines } from './engine-lines.ts'
import type { AppLine } from './line.ts'

/** A container whose lines are followed. */
export interface Followed {
  id: string
  process: string
  dyno: string
  release: number
}

export interface FollowWanted {
  /** By container, the time of the last line that was heard; it is kept up to date. */
  seen: Map<string, string>
  wants(container: Followed): boolean
  heard(line: AppLine): void | Promise<void>
  signal: AbortSignal
}

/** How long the engine may take to be there again before it is asked again. */
const againMs = 500

/**
 * Hears the lines of an app as they come, over deploys, restarts and scaling: each container from its first line that was
 * not heard yet to its last. Until the signal; an engine that is restarted is followed again.
 */
export async function followApp(app: App, { seen, wants, heard, signal }: FollowWanted): Promise<void> {
  const { engine, settings } = app.instance
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
        await heard({ ...line, app: app.name, dyno: one.dyno, release: one.release, container: one.id })
        seen.set(one.id, line.time)
      }
    } while (again.has(one.id) && !signal.aborted)
    running.delete(one.id)
  }
  const follow = (one: Followed) => {
    if (!wants(one)) return
    // What ended and starts again may still be read to its end.
    if (running.has(one.id)) again.add(one.id)
    else running.set(one.id, read(one))
  }
  const filters = {
    type: ['container' as const],
    event: ['start'],
    label: [`${label.instance}=${settings.name}`, `${label.id}=${app.id}`, `${label.type}=deploy`],
  }
  while (!signal.aborted) {
    try {
      const events = (await engine.getEvents({ filters })) as Readable
      when(signal, () => events.destroy())
      for (const one of await containersOf(app)) follow(followedOf(one))
      for await (const text of createInterface({ input: events })) follow(startedIn(text))
    } catch (error) {
      if (!signal.aborted) app.instance.log.warn({ err: error, app: app.name }, 'the engine does not tell of new containers')
    }
    if (!signal.aborted) await sleep(againMs, undefined, { signal }).catch(() => undefined)
  }
  await Promise.all(running.values())
}

function followedOf({ id, process, index, version }: AppContainer): Followed {
  return { id, process, dyno: `${process}.${index}`, release: version }
}

function startedIn(text: string): Followed {
  const { Actor: actor } = JSON.parse(text) as { Actor: { ID: string; Attributes: Record<string, string> } }
  const { [label.process]: process = '', [label.dyno]: dyno = '', [label.release]: release } = actor.Attributes
  return { id: actor.ID, process, dyno, release: Number(release) }
}
