import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { type Agent, createServer, type RequestListener, request, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Started, signalGroup, start } from '#lib/exec.ts'
import { type Appliance, appliance } from './mod.ts'
import type { Upstream } from './site.ts'

/** A running appliance of a test, with directories and ports of its own. */
export interface Running {
  client: Appliance
  port: number
  httpsPort: number
  stateDir: string
  /** The socket of its API. */
  socket: string
  /** The process ids of nginx's workers. */
  workers(): Promise<string[]>
  /** What main.ts and nginx have said on stderr. */
  log(): string
  /** Ends it with a signal and returns the exit status, if any. */
  stop(signal?: NodeJS.Signals): Promise<number | undefined>
  /** Resolves with the exit status once it has ended by itself. */
  ended(): Promise<number | undefined>
  /** Kills the process of the API, and nothing else; resolves when it has come back by itself. */
  killApi(): Promise<void>
  /** Starts it again over the same directories and ports. */
  again(): Promise<void>
  /** Starts a newer appliance over the same files, ports and socket, and waits until it serves. */
  newer(more?: Record<string, string>): Promise<Newer>
}

/** A second appliance that took over from the first. */
export interface Newer {
  stop(signal?: NodeJS.Signals): Promise<number | undefined>
  log(): string
}

/** The workers that a reload brought: those of before it may take a while to go. */
export function added(before: readonly string[], now: readonly string[]): string[] {
  return now.filter((one) => !before.includes(one))
}

/** Starts main.ts with real nginx; stopped and removed after the test. */
export async function applianceOf(
  t: Pick<TestContext, 'after'>,
  before?: (stateDir: string) => Promise<void>,
  more: Record<string, string> = {},
): Promise<Running> {
  const dir = await mkdtemp(`${tmpdir()}/appliance-`)
  // nginx's workers are another user and keep temporary files in here.
  await chmod(dir, 0o755)
  const [port = 0, httpsPort = 0] = await freePorts(2)
  const env = {
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
    APPLIANCE_HTTP_PORT: `${port}`,
    APPLIANCE_HTTPS_PORT: `${httpsPort}`,
    APPLIANCE_RUN_DIR: `${dir}/run`,
    APPLIANCE_STATE_DIR: `${dir}/state`,
    APPLIANCE_SOCKET: `${dir}/api.sock`,
    ...more,
  }
  const client = appliance(`${dir}/api.sock`)
  let log = ''
  let started: Started
  const healthy = async (otherwise: () => void = () => undefined) => {
    while (
      !(await client.health().then(
        () => true,
        () => false,
      ))
    ) {
      otherwise()
      await sleep(20)
    }
  }
  const launch = async () => {
    started = start([`${import.meta.dirname}/appliance`], { env })
    started.stdin.end()
    started.stdout.resume()
    started.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text
    })
    let ended = false
    void started.then(() => {
      ended = true
    })
    await healthy(() => {
      if (ended) throw new Error(`the appliance did not start:\n${log}`)
    })
  }
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    signalGroup(started, signal)
    return (await started).exitCode
  }
  const workers = async () => {
    const master = (await readFile(`${dir}/run/nginx.pid`, 'utf8')).trim()
    return (await childrenOf(Number(master))).sort()
  }
  const killApi = async () => {
    const [child = ''] = await childrenOf(started.pid ?? 0)
    process.kill(Number(child), 'SIGKILL')
    while ((await childrenOf(started.pid ?? 0)).includes(child)) await sleep(5)
    await healthy()
  }
  t.after(async () => {
    await stop('SIGTERM')
    await rm(dir, { recursive: true, force: true })
  })
  await before?.(`${dir}/state`)
  await launch()
  return {
    client,
    port,
    httpsPort,
    stateDir: `${dir}/state`,
    socket: `${dir}/api.sock`,
    workers,
    log: () => log,
    stop,
    ended: async () => (await started).exitCode,
    killApi,
    again: launch,
    newer: async (more = {}) => {
      const other = start([process.execPath, `${import.meta.dirname}/main.ts`], {
        env: { ...env, APPLIANCE_RUN_DIR: `${dir}/run-2`, ...more },
      })
      let said = ''
      for (const stream of [other.stdout, other.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text))
      const end = async (signal: NodeJS.Signals = 'SIGTERM') => {
        signalGroup(other, signal)
        return (await other).exitCode
      }
      t.after(() => end())
      let ended = false
      void other.then(() => {
        ended = true
      })
      while (!said.includes('appliance: serving')) {
        if (ended) throw new Error(`the newer appliance did not start:\n${said}`)
        await sleep(20)
      }
      return { stop: end, log: () => said }
    },
  }
}

async function childrenOf(pid: number): Promise<string[]> {
  return (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')
}

/** An app on 127.0.0.1 that answers every request by `listener`. */
export async function app(t: Pick<TestContext, 'after'>, listener: RequestListener): Promise<{ upstream: Upstream; server: Server }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { upstream: { address: '127.0.0.1', port: (server.address() as AddressInfo).port }, server }
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1)
  return port
}

/** Ports on which nothing listens, each another one. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** An answer as a test looks at it; a refused or broken connection rejects. */
export interface Got {
  status: number
  text: string
}

/** One request to the appliance as a browser would send it. */
export function get(
  port: number,
  host: string,
  options: { path?: string; method?: string; headers?: Record<string, string>; body?: string; agent?: Agent; address?: string } = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const { path = '/', method = 'GET', headers = {}, body, agent, address = '127.0.0.1' } = options
    const sent = request({ host: address, port, path, method, headers: { host, ...headers }, agent: agent ?? false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Sends bytes as they are and returns everything until the connection is closed, by us once nothing more came for a while. */
export function raw(port: number, text: string, patienceMs?: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let seen = ''
    if (patienceMs !== undefined) socket.setTimeout(patienceMs, () => socket.destroy())
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      seen += chunk
    })
    // Who is sent away while still speaking may see the connection break after the answer.
    socket.on('error', (error: NodeJS.ErrnoException) =>
      ['ECONNRESET', 'EPIPE'].includes(error.code ?? '') ? resolve(seen) : reject(error),
    )
    socket.on('close', () => resolve(seen))
  })
}
