import { existsSync } from 'node:fs'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { messageOf } from '#lib/errors.ts'
import { logsDir } from './access-log.ts'
import { api } from './api.ts'
import { askByWords } from './command.ts'
import { doorOf } from './door.ts'
import { mustBeFree } from './free-port.ts'
import { prepareLogs, rotating } from './log-files.ts'
import { findMaster, pidFile, startMaster } from './master.ts'
import { Ownership } from './ownership.ts'
import { Pipeline } from './pipeline.ts'
import { makePlaceholder } from './placeholder.ts'
import { Nginx } from './process.ts'
import { RouteTable } from './routes.ts'
import { serveDoor, serveSocket } from './serve.ts'
import { configurationFile, controlSocket, type Settings, tableFile } from './settings.ts'
import { passingState } from './sites.ts'

/** How long requests in flight may go on when the appliance is stopped; Docker kills after ten seconds. */
const graceMs = 8000
/** The same when a newer appliance has come. */
const retiringMs = 3_600_000

const settings: Settings = {
  httpPort: port('APPLIANCE_HTTP_PORT', 80),
  httpsPort: port('APPLIANCE_HTTPS_PORT', 443),
  ...(process.env.APPLIANCE_PUBLIC_HTTPS_PORT ? { publicHttpsPort: port('APPLIANCE_PUBLIC_HTTPS_PORT', 443) } : {}),
  ipv6: existsSync('/proc/net/if_inet6'),
  proxyProtocol: ['1', 'true', 'on'].includes(process.env.APPLIANCE_PROXY_PROTOCOL ?? ''),
  runDir: process.env.APPLIANCE_RUN_DIR ?? '/run/nginx-appliance',
  stateDir: process.env.APPLIANCE_STATE_DIR ?? '/var/lib/nginx-appliance',
  luaDir: `${import.meta.dirname}/lua`,
  ...(process.env.APPLIANCE_FOLDERS === undefined ? {} : { folders: process.env.APPLIANCE_FOLDERS.split(':') }),
  ...(process.env.APPLIANCE_VALUES === undefined ? {} : { values: process.env.APPLIANCE_VALUES }),
}
/** How long a log may get before it is put aside; three are kept beside the one that is written. */
const logBytes = Number(process.env.APPLIANCE_LOG_BYTES ?? 32 * 1024 ** 2)
const apiSocket = process.env.APPLIANCE_SOCKET ?? '/run/dokku/appliance/api.sock'

try {
  // --warm: the image is being built; everything is loaded, and compiled, by now.
  const words = process.argv.slice(2)
  process.exitCode = words.includes('--warm') ? 0 : words.length > 0 ? await askByWords(words, apiSocket) : await main()
} catch (error) {
  log(`cannot go on: ${messageOf(error)}`)
  process.exitCode = 1
}
process.exit()

/** Runs nginx and the API until one of them ends; the exit status is 0 only after a signal to stop. */
async function main(): Promise<number> {
  const door = await doorOf(process.env)
  // nginx's socket in it is for us alone: what a tree proxies to is asked by another user, who does not get there.
  await mkdir(settings.runDir, { recursive: true, mode: 0o700 })
  await chmod(settings.runDir, 0o700)
  await mkdir(`${settings.stateDir}/tmp`, { recursive: true })
  await mkdir(`${settings.stateDir}/cache`, { recursive: true, mode: 0o755 })
  // nginx's workers are another user: they pass through to their temporary files and read nothing else.
  await chmod(settings.stateDir, 0o711)
  // nginx goes on when the API dies, and whoever comes next finds it.
  const found = await findMaster(configurationFile(settings), settings)
  // Left by a container that was killed: nginx would not bind over it.
  if (found === undefined) for (const left of [controlSocket(settings), pidFile(settings)]) await rm(left, { force: true })

  const ownership = await Ownership.take(settings.stateDir)
  if (found === undefined && !ownership.replaces) for (const port of [settings.httpPort, settings.httpsPort]) await mustBeFree(port)
  await makePlaceholder(settings)
  await prepareLogs(logsDir(settings))

  const routes = new RouteTable(tableFile(settings, 'routes'), controlSocket(settings))
  const pipeline = new Pipeline(
    settings,
    () => routes.all,
    () => nginx.reload(),
  )
  await routes.load()
  await pipeline.load(passingState)
  for (const { name, reason } of pipeline.refused) log(`starting without ${name}: ${reason}`)

  const nginx = new Nginx(found ?? startMaster(pipeline.configuration, settings), settings)
  let stopping = false
  const stop = (forMs: number) => {
    // A second signal does not wait for requests.
    void nginx.stop(stopping ? 0 : forMs)
    stopping = true
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(graceMs))
  // A newer appliance serves: requests in flight have all the time that nginx gives them.
  process.on('SIGQUIT', () => stopping || stop(retiringMs))

  const app = api({ pipeline, routes, nginx, settings, ownership })
  const fetch = (request: Request) => app.fetch(request)
  const open = async () => {
    await nginx.up()
    if (found !== undefined) await nginx.takeOver()
    const far = door === undefined ? undefined : await serveDoor(fetch, door)
    process.on('SIGQUIT', () => void far?.remove())
    const near = await serveSocket(fetch, apiSocket)
    await ownership.serve()
    return near
  }
  const socket = await open().catch(async (error: unknown) => {
    // It would outlive us, and keep the ports; one that was found had them before.
    if (found === undefined) await nginx.stop(0)
    throw error
  })
  const logs = rotating(logsDir(settings), ['access.log', 'error.log'], logBytes, () => nginx.reopen(), log)
  log(`serving ${pipeline.state.sites.length} sites on ports ${settings.httpPort} and ${settings.httpsPort}`)

  const status = await nginx.exited
  logs.close()
  await socket.remove()
  if (stopping) return 0
  log(`nginx ended (${status})`)
  return status === 0 ? 1 : status
}

function port(name: string, usual: number): number {
  const number = Number(process.env[name] ?? usual)
  if (!Number.isInteger(number) || number < 1 || number > 65535) throw new Error(`${name} is not a port`)
  return number
}

function log(text: string): void {
  process.stderr.write(`appliance: ${text}\n`)
}
