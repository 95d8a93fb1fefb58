import { type Context, Hono } from 'hono'
import { stream } from 'hono/streaming'
import { z } from 'zod'
import { logsDir } from './access-log.ts'
import { lastLines, newLines } from './log-files.ts'
import { prometheus, statsOf, totals } from './metrics.ts'
import { siteName } from './name.ts'
import type { Pipeline } from './pipeline.ts'
import { controlSocket, type Settings } from './settings.ts'
import { ask } from './socket.ts'

const minutes = z.coerce.number().int().min(1).max(15).default(5)
const lines = z.coerce.number().int().min(0).max(100_000).default(100)

/** What can be seen of traffic: figures for Prometheus and per site, and the lines of the logs that are a site's. */
export function observe({ pipeline, settings }: { pipeline: Pipeline; settings: Settings }): Hono {
  const socket = controlSocket(settings)
  const app = new Hono()

  app.get('/metrics', async (c) => {
    const { sites } = pipeline.state
    const [counts, { text }] = await Promise.all([
      totals(
        socket,
        sites.map(({ name }) => name),
      ),
      ask(socket, 'GET', '/connections'),
    ])
    const certificates = new Map(sites.flatMap(({ name, tls }) => (tls === undefined ? [] : [[name, tls.notAfter] as const])))
    return c.text(prometheus(counts, text, certificates))
  })
  app.get('/sites/:name/stats', async (c) => c.json(await statsOf(socket, named(c), minutes.parse(c.req.query('minutes')))))
  app.get('/sites/:name/access-log', (c) => {
    const mark = `"site":"${named(c)}"`
    return send(c, 'access.log', (line) => line.includes(mark), byTime)
  })
  app.get('/sites/:name/error-log', (c) => {
    const hosts = pipeline.state.sites.find(({ name }) => name === named(c))?.hosts ?? []
    return send(c, 'error.log', (line) => ofHosts(line, hosts))
  })

  return app

  function send(c: Context, file: string, wanted: (line: string) => boolean, order: (lines: string[]) => string[] = (lines) => lines) {
    const path = `${logsDir(settings)}/${file}`
    const count = lines.parse(c.req.query('lines'))
    const follow = c.req.query('follow') === 'true'
    c.header('content-type', 'text/plain; charset=utf-8')
    return stream(c, async (out) => {
      const gone = new AbortController()
      out.onAbort(() => gone.abort())
      const later = follow ? newLines(path, wanted, gone.signal) : undefined
      for (const line of order(await lastLines(path, count, wanted))) await out.writeln(line)
      if (later !== undefined) for await (const line of later) await out.writeln(line)
    })
  }
}

/** Each worker writes what it has once a second: lines of one second come in any order. */
function byTime(lines: readonly string[]): string[] {
  const at = (line: string) => Number(/"at":([\d.]+)/.exec(line)?.[1] ?? 0)
  return lines
    .map((line) => ({ line, at: at(line) }))
    .sort((a, b) => a.at - b.at)
    .map(({ line }) => line)
}

/** Is a line of nginx's errors about a request for one of these hosts? */
export function ofHosts(line: string, hosts: readonly string[]): boolean {
  const [, host = ''] = /, host: "([^":]*)/.exec(line) ?? []
  const asked = host.toLowerCase()
  return hosts.some((one) => (one.startsWith('*.') ? asked.endsWith(one.slice(1)) : asked === one))
}

function named({ req }: Context): string {
  return siteName.parse(req.param('name'))
}
