import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { z } from 'zod'
import { messageOf, UserError } from '#lib/errors.ts'
import { challenge, challengeToken } from './challenge.ts'
import { drain } from './drain.ts'
import { hostName } from './host-name.ts'
import { siteName } from './name.ts'
import { observe } from './observe.ts'
import type { Ownership } from './ownership.ts'
import type { Pipeline } from './pipeline.ts'
import { probe, probeOptions, probeTarget } from './probe.ts'
import type { Nginx } from './process.ts'
import { parseSites } from './refused.ts'
import { type RouteTable, routes } from './routes.ts'
import { controlSocket, type Settings } from './settings.ts'
import { problem, upstream, wantedSite } from './site.ts'
import { configurationOf, putSite, removeSite, replaceSites, type Wanted } from './sites.ts'
import { tell } from './tables.ts'
import { treeApi } from './tree/api.ts'

/** What the API works on. */
export interface Appliance {
  pipeline: Pipeline
  routes: RouteTable
  nginx: Pick<Nginx, 'answers'>
  settings: Settings
  ownership: Pick<Ownership, 'during'>
}

const state = z.strictObject({ sites: z.array(z.unknown()), routes, homes: z.array(hostName).max(100).exactOptional() })
const probeRequest = z.strictObject({ target: probeTarget, options: probeOptions })
const drainRequest = z.strictObject({ upstreams: z.array(upstream), timeoutMs: z.int().min(0) })

/** The appliance's API: JSON over HTTP; a failure answers 422 (the user can mend it) or 500 with `{ code, message, hint }`. */
export function api(appliance: Appliance): Hono {
  const { pipeline, nginx, settings } = appliance
  const table = appliance.routes
  const socket = controlSocket(settings)
  const setRoutes = async (changes: z.infer<typeof routes>) => await pipeline.follow(await table.set(changes))
  const app = new Hono()
  const atMost = (maxSize: number) =>
    bodyLimit({
      maxSize,
      onError: (c) => c.json({ code: 'too-large', message: `${c.req.path} takes ${maxSize / 1024 ** 2} MB at most` }, 413),
    })
  app.use('/v1/*', atMost(4 * 1024 ** 2))
  app.use(atMost(64 * 1024 ** 2))
  app.use((c, next) => (c.req.method === 'GET' || /^\/(probe|drain)$/.test(c.req.path) ? next() : appliance.ownership.during(next)))

  app.get('/health', async (c) => {
    if (!(await nginx.answers())) return c.json({ code: 'nginx-silent', message: 'nginx does not answer on its control socket' }, 503)
    return c.json({ sites: pipeline.state.sites.length, refused: pipeline.refused })
  })

  app.get('/sites', (c) => c.json(pipeline.state.sites))
  app.put('/sites/:name', async (c) => {
    const site = await wanted(c)
    return c.json({ refused: await pipeline.change(site.name, putSite(site, settings)) })
  })
  app.post('/sites/:name/check', async (c) => {
    const site = await wanted(c)
    return c.json({ refused: await pipeline.try(site.name, putSite(site, settings)) })
  })
  app.get('/sites/:name/configuration', async (c) => {
    const name = siteName.parse(c.req.param('name'))
    return c.json({ text: await configurationOf(name, pipeline.state, settings) })
  })
  app.delete('/sites/:name', async (c) => {
    const name = siteName.parse(c.req.param('name'))
    await pipeline.change(name, removeSite(name))
    await tell(socket, '/uncount', name)
    await setRoutes(Object.fromEntries(table.names.filter((one) => one === name || one.startsWith(`${name}.`)).map((one) => [one, []])))
    return c.body(null, 204)
  })

  app.get('/routes', (c) => c.json(table.entries()))
  app.put('/routes/:name', async (c) => {
    await setRoutes(routes.parse({ [c.req.param('name')]: await c.req.json() }))
    return c.body(null, 204)
  })

  app.put('/state', async (c) => {
    const all = state.parse(await c.req.json())
    // New hosts find their routes there already; routes go away only after their hosts.
    await setRoutes(all.routes)
    const parsed = parseSites(wantedSite, all.sites)
    const bad = [...parsed.refused, ...(await pipeline.change('all sites', replaceSites(parsed.sites, all.homes ?? [], settings)))]
    await setRoutes(Object.fromEntries(table.names.filter((name) => !(name in all.routes)).map((name) => [name, []])))
    return c.json({ refused: bad })
  })

  app.put('/challenges/:token', async (c) => {
    const token = challengeToken.parse(c.req.param('token'))
    const { answer } = challenge.parse(await c.req.json())
    await tell(socket, '/challenge', `${token} ${answer}`)
    return c.body(null, 204)
  })
  app.delete('/challenges/:token', async (c) => {
    await tell(socket, '/challenge', challengeToken.parse(c.req.param('token')))
    return c.body(null, 204)
  })

  app.route('/', observe({ pipeline, settings }))
  app.route('/', treeApi({ pipeline, settings }))

  app.post('/probe', async (c) => {
    const { target, options } = probeRequest.parse(await c.req.json())
    await probe(target, options, c.req.raw.signal)
    return c.body(null, 204)
  })
  app.post('/drain', async (c) => {
    const { upstreams, timeoutMs } = drainRequest.parse(await c.req.json())
    return c.json(await drain(socket, upstreams, { timeoutMs, signal: c.req.raw.signal }))
  })

  app.notFound((c) => c.json({ code: 'not-found', message: `no ${c.req.method} ${c.req.path} here` }, 404))
  app.onError((error, c) => {
    if (error instanceof UserError) return c.json({ code: error.code, message: error.message, hint: error.hint }, 422)
    if (error instanceof z.ZodError) return c.json({ code: 'bad-request', message: problem(error) }, 422)
    if (error instanceof SyntaxError) return c.json({ code: 'bad-request', message: error.message }, 422)
    return c.json({ code: 'appliance-failed', message: messageOf(error) }, 500)
  })
  return app
}

/** The site in a body, by the name in the path. */
async function wanted({ req }: Context): Promise<Wanted> {
  return wantedSite.parse({ ...z.record(z.string(), z.unknown()).parse(await req.json()), name: req.param('name') })
}
