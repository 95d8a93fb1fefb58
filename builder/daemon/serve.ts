import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { type Docker, docker } from '#lib/docker.ts'
import type { Output } from '#lib/output.ts'
import { ownContainer } from '#lib/own-container.ts'
import { parseSize } from '#lib/size.ts'
import { quoteWords } from '#lib/words.ts'
import { prepareLimits } from '../limits.ts'
import { pluginsIn } from '../plugins.ts'
import { readLogins } from '../registry/logins.ts'
import { count, misused, read } from '../usage.ts'
import { api } from './api.ts'
import { Builder } from './builder.ts'
import { openDoors } from './doors.ts'
import { socketPath, stateDir } from './places.ts'

const usual = {
  ssh: '',
  http: '',
  auth: '',
  prefix: 'builder',
  push: '',
  'at-once': '2',
  waiting: '20',
  timeout: '3600',
  memory: '',
  cpus: '',
  keep: '100',
  state: stateDir,
  socket: socketPath,
  ca: '',
  debian: '',
  logins: '',
}

type Settings = typeof usual

/** `builder serve`: takes builds until it is told to stop, or one of its doors has ended. */
export async function serve(words: string[], out: Output, program: readonly string[]): Promise<number> {
  const settings = settingsOf(words, process.env)
  const { ssh, http, auth } = settings
  const [state, socket] = [resolve(settings.state), resolve(settings.socket)]
  const stopping = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort())
  const builder = await Builder.open(...(await prepare(settings, state)))
  const server = await listen(api(builder).fetch, socket)
  const doors = await openDoors({
    ...{ program, state, socket },
    ...(ssh !== '' && { ssh }),
    ...(http !== '' && { http }),
    auth: auth || quoteWords([...program, 'auth', '--state', state]),
    run: dirname(socket),
  })
  out.line(`builder: serving at ${socket}`)
  const told = new Promise<undefined>((done) => stopping.signal.addEventListener('abort', () => done(undefined)))
  const fault = stopping.signal.aborted ? undefined : await Promise.race([told, doors.ended])
  if (fault !== undefined) out.warn(fault)
  // Builds first: those who pushed are told, and the doors need not wait for them.
  await builder.stop()
  await doors.close()
  server.close()
  await rm(socket, { force: true })
  return fault === undefined ? 0 : 1
}

async function prepare(settings: Settings, state: string): Promise<Parameters<typeof Builder.open>> {
  const { prefix, push, memory, cpus, ca } = settings
  const engine = await docker()
  const debian = settings.debian || (await ownImage(engine))
  const limits = { memory: memory === '' ? 0 : parseSize(memory), cpus: cpus === '' ? 0 : Number(cpus) }
  if (!Number.isFinite(limits.cpus)) throw misused(`--cpus is a number, not ${cpus}`)
  // None, too, is something to set: on Engine 20.10 the caps of whoever was here before still hold.
  const capped = memory !== '' || cpus !== ''
  const logins = settings.logins || join(state, 'config.json')
  const plugins = await pluginsIn(process.env)
  return [
    engine,
    {
      state,
      prefix: push || prefix,
      queue: { atOnce: count('at-once', settings['at-once']), waiting: count('waiting', settings.waiting) },
      push: push !== '',
      keep: count('keep', settings.keep),
      timeout: count('timeout', settings.timeout),
      logins: () => readLogins(logins),
      ...(plugins !== undefined && { plugins }),
      ...(debian !== undefined && { debian }),
      ...(ca !== '' && { ca: await readFile(ca, 'utf8') }),
      ...(capped && { limits: await prepareLimits(engine, { ...limits, image: debian ?? 'debian:trixie-slim', name: 'builder' }) }),
    },
  ]
}

/** The image that we run in, which is of Debian, by its name: BuildKit knows none by their ids. Undefined outside a container. */
async function ownImage(engine: Docker): Promise<string | undefined> {
  return await ownContainer(engine).then(
    ({ Config: { Image: image } }) => image,
    () => undefined,
  )
}

/** Flags go before variables of the environment, and these before what is usual. */
function settingsOf(words: string[], environment: NodeJS.ProcessEnv): Settings {
  const flags = Object.fromEntries(Object.keys(usual).map((name) => [name, { type: 'string' as const }]))
  const { values, positionals } = read(words, flags)
  if (positionals.length > 0) throw misused(`serve takes no ${positionals[0]}`)
  const settings = { ...usual }
  for (const name of Object.keys(usual) as (keyof Settings)[]) {
    const given = values[name] ?? environment[`BUILDER_${name.toUpperCase().replaceAll('-', '_')}`]
    if (given !== undefined) settings[name] = given
  }
  for (const prefix of [settings.prefix, settings.push])
    if (!/^([a-z0-9][\w.:-]*(\/[a-z0-9][\w.-]*)*)?$/.test(prefix)) throw misused(`${prefix} cannot begin the name of an image`)
  return settings
}

/** Listens under another name first, so that nobody finds a socket that is not ready. */
async function listen(fetch: Parameters<typeof createAdaptorServer>[0]['fetch'], socket: string) {
  const fresh = `${socket}.${randomBytes(3).toString('hex')}.new`
  // Logins pass through to the sockets of execd, as another user, and read nothing.
  await mkdir(dirname(socket), { recursive: true, mode: 0o711 })
  // A build is not given up because it takes long to come.
  const server = createAdaptorServer({ fetch, serverOptions: { requestTimeout: 0 } })
  await new Promise<void>((listens, reject) => {
    server.once('error', reject)
    server.listen(fresh, () => listens())
  })
  await chmod(fresh, 0o600)
  await rename(fresh, socket)
  return server
}
