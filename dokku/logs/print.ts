import { once } from 'node:events'
import { plain } from '#lib/output.ts'
import type { App } from '../app.ts'
import type { AppContainer } from '../container.ts'
import { type Context, followed } from '../context.ts'
import { engineLines } from './engine-lines.ts'
import { follow } from './follow.ts'
import { concerns, type HistoryWanted, history } from './history.ts'
import { type AppLine, lineFilter, lineTime } from './line.ts'

export interface LogsWanted extends HistoryWanted {
  follow: boolean
  json: boolean
}

/** Prints lines of an app, `time app[web.1]: line` or JSON, and with `follow` those that come until the caller leaves. */
export async function printLogs(app: App, containers: readonly AppContainer[], wanted: LogsWanted, context: Context): Promise<void> {
  const from = lineTime(new Date())
  const print = printer(wanted.json, context)
  const lines = await history(app, containers, wanted)
  for (const line of lines) await print(line)
  if (!wanted.follow) return
  const seen = new Map(containers.map(({ id }) => [id, from]))
  for (const { container, time } of lines) if (seen.has(container)) seen.set(container, time)
  const fits = lineFilter(wanted)
  const following = follow(app.instance, {
    app: app.id,
    seen,
    wants: (one) => concerns(wanted, one),
    heard: async (line, { id: container, dyno, release }) => {
      if (fits(line)) await print({ ...line, app: app.name, dyno, release, container })
    },
    signal: followed(context),
  })
  await following.done
}

/** Prints lines that are there. */
export async function printLines(lines: readonly AppLine[], json: boolean, context: Context): Promise<void> {
  const print = printer(json, context)
  for (const line of lines) await print(line)
}

/** Prints the last lines of single containers, and with `follow` what they write until they end. */
export async function printContainers(
  app: App,
  containers: readonly { id: string; dyno: string }[],
  { tail, follow }: { tail: number; follow: boolean },
  context: Context,
): Promise<void> {
  const print = printer(false, context)
  const signal = followed(context)
  await Promise.all(
    containers.map(async ({ id, dyno }) => {
      const lines = engineLines(app.instance.engine.getContainer(id), { tail, follow, signal })
      for await (const line of lines) await print({ ...line, app: app.name, dyno, release: null, container: id })
    }),
  )
}

/** Prints what a container writes, as it is, until it ends; answers how many lines that were not empty. */
export async function printOutput({ instance }: App, container: string, context: Context): Promise<number> {
  let count = 0
  for await (const { text } of engineLines(instance.engine.getContainer(container), { follow: true, signal: followed(context) })) {
    context.output.line(plain(text))
    if (plain(text) !== '') count += 1
  }
  return count
}

/** Waits where the caller reads slowly. */
function printer(json: boolean, context: Context): (line: AppLine) => Promise<void> {
  const { output, quiet, session } = context
  const signal = followed(context)
  return async (line) => {
    const { time, app, dyno, text, stream } = line
    if (json) output.line(JSON.stringify({ ...line, container: line.container.slice(0, 12) }))
    else if (!quiet) output.line(`${time} ${stream === 'dokku' ? 'dokku' : app}[${dyno}]: ${plain(text)}`)
    else if (stream !== 'dokku') output.line(plain(text))
    // One who left drains nothing any more.
    if (session.stdout.writableNeedDrain) await once(session.stdout, 'drain', { signal }).catch(() => undefined)
  }
}
