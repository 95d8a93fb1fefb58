import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type Docker from 'dockerode'
import * as z from 'zod'

const event = z.object({
  Type: z.string(),
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()).nullish() }),
})

/** The moments of an operation that can be told from outside: events of the engine, and lines the client prints. */
export interface Steps {
  /** Counts from here, and no longer from where it did before; resolves as soon as that many steps were seen, with the last one. */
  until(count: number): Promise<string>
  /** One more, told by a client. */
  seen(step: string): void
  /** Resolves with the next step. */
  next(): Promise<void>
  close(): void
}

/** Follows what an engine does to the app containers, images and networks of an instance. */
export function followSteps(docker: Docker, instance: string): Steps {
  let closed = false
  let stream: Readable | undefined
  let count: (step: string) => void = () => undefined
  const waiting = new Set<() => void>()
  const seen = (step: string) => {
    count(step)
    for (const wake of waiting) wake()
    waiting.clear()
  }
  const follow = async () => {
    stream = (await docker.getEvents({ filters: { type: ['container', 'image', 'network'] } })) as Readable
    for await (const line of createInterface({ input: stream })) {
      const step = stepOf(event.parse(JSON.parse(line)), instance)
      if (step !== undefined) seen(step)
    }
  }
  const keepFollowing = async () => {
    while (!closed) {
      await follow().catch(() => undefined)
      // An engine that was hurt is away for a while.
      if (!closed) await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  void keepFollowing()
  return {
    seen,
    until: (wanted) =>
      new Promise((resolve) => {
        let left = wanted
        count = (step) => {
          if (--left === 0) resolve(step)
        }
        if (wanted === 0) resolve('the beginning')
      }),
    next: () => new Promise((resolve) => waiting.add(resolve)),
    close() {
      closed = true
      stream?.destroy()
    },
  }
}

/** The event in words, when it is about an app of the instance. */
function stepOf(
  { Type: type, Action: action, Actor: { ID: id, Attributes: attributes } }: z.infer<typeof event>,
  instance: string,
): string | undefined {
  const of = attributes ?? {}
  const short = (name: string) => name.replace(`${instance}-`, '').replace(`${instance}/`, '')
  if (/^(exec|top|resize|attach)/.test(action)) return undefined
  if (type === 'container' && of['dokku.instance'] === instance && 'com.dokku.app-name' in of) return `${action} ${short(of.name ?? '')}`
  if (type === 'image' && (of.name ?? id).startsWith(`${instance}/`)) return `image ${action} ${short(of.name ?? id)}`
  if (type === 'network' && of.name === `${instance}-apps`) return `network ${action}`
  return undefined
}
