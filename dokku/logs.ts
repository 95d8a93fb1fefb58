import { createInterface } from 'node:readline'
import { PassThrough, type Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { plain } from '#lib/output.ts'
import type { App } from './app.ts'
import type { AppContainer } from './container.ts'
import { type Context, followed, when } from './context.ts'

export interface LogsWanted {
  tail: number
  follow: boolean
}

/** Prints the containers' lines as `time app[web.1]: line`; with `follow`, goes on until the client leaves. */
export async function followLogs(app: App, containers: readonly AppContainer[], wanted: LogsWanted, context: Context): Promise<void> {
  await Promise.all(containers.map((one) => printLogs(app, one, wanted, context)))
}

async function printLogs(app: App, container: AppContainer, { tail, follow }: LogsWanted, context: Context): Promise<void> {
  const { engine } = app.instance
  const options = { stdout: true, stderr: true, timestamps: true, tail } as const
  const lines = new PassThrough()
  const printed = printLines(lines, `${app.name}[${container.process}.${container.index}]`, context)
  const source = engine.getContainer(container.id)
  if (follow) {
    const stream = (await source.logs({ ...options, follow: true })) as Readable
    when(followed(context), () => stream.destroy())
    engine.modem.demuxStream(stream, lines, lines)
    await finished(stream).catch(() => undefined)
  } else {
    const whole = new PassThrough()
    engine.modem.demuxStream(whole, lines, lines)
    whole.end((await source.logs({ ...options, follow: false })) as Buffer)
    await finished(whole, { writable: false })
  }
  lines.end()
  await printed
}

async function printLines(lines: Readable, prefix: string, context: Context): Promise<void> {
  for await (const line of createInterface({ input: lines })) {
    const [, time = '', text = ''] = /^(\S+) ?(.*)$/.exec(line) ?? []
    context.output.line(context.quiet ? plain(text) : `${time} ${prefix}: ${plain(text)}`)
  }
}
