import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { run, type Started, start } from '../exec.ts'
import type { Authority } from './client.ts'

/** Let's Encrypt's own test server with its DNS, both of a test: strict, and refusing half of all good nonces. */
export interface Pebble {
  readonly authority: Authority
  /** The port on which it looks for HTTP-01 answers. */
  readonly httpPort: number
  /** The root that its certificates lead to, in PEM. */
  readonly root: string
  /** Where its DNS is told of records. */
  readonly dns: string
  setText(name: string, value: string): Promise<void>
  clearText(name: string): Promise<void>
  /** Makes a name lead nowhere; all others lead to 127.0.0.1. */
  forget(name: string): Promise<void>
}

export interface PebbleOptions {
  /** Answers HTTP-01 there instead of on a free port. */
  httpPort?: number
  /** Where it listens; 127.0.0.1 by default. */
  address?: string
  env?: Record<string, string>
  config?: Record<string, unknown>
}

/** Starts pebble and its DNS server; they end with the test. */
export async function pebble(
  t: { after(end: () => Promise<void>): void },
  { httpPort, address = '127.0.0.1', env = {}, config = {} }: PebbleOptions = {},
): Promise<Pebble> {
  const dir = await mkdtemp(`${tmpdir()}/pebble-`)
  const [listen, manage, dns, dnsManage, http, tls] = await Promise.all(Array.from({ length: 6 }, freePort))
  const ports = { httpPort: httpPort ?? http, tlsPort: tls }
  const subject = ['-subj', '/CN=localhost', '-addext', `subjectAltName=DNS:localhost,IP:${address}`]
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${dir}/key`, '-out', `${dir}/crt`]
  await run(['openssl', 'req', '-x509', '-days', '2', ...subject, ...fresh])
  const settings = {
    listenAddress: `${address}:${listen}`,
    managementListenAddress: `${address}:${manage}`,
    certificate: `${dir}/crt`,
    privateKey: `${dir}/key`,
    ...ports,
    ...config,
  }
  await writeFile(`${dir}/config.json`, JSON.stringify({ pebble: settings }))
  const dnsOnly = ['-http01', '', '-https01', '', '-tlsalpn01', '', '-dns01', `127.0.0.1:${dns}`, '-management', `${address}:${dnsManage}`]
  const started: Started[] = [
    start(['pebble-challtestsrv', '-defaultIPv6', '', ...dnsOnly]),
    start(['pebble', '-strict', '-config', `${dir}/config.json`, '-dnsserver', `127.0.0.1:${dns}`], {
      env: { PATH: process.env.PATH ?? '', PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '50', PEBBLE_AUTHZREUSE: '0', ...env },
    }),
  ]
  for (const one of started) {
    one.stdin.end()
    one.stdout.resume()
    one.stderr.resume()
  }
  t.after(async () => {
    for (const one of started) one.kill('SIGKILL')
    await Promise.allSettled(started)
    await rm(dir, { recursive: true, force: true })
  })
  const ca = await readFile(`${dir}/crt`, 'utf8')
  const root = await eventually(() => read(`https://${address}:${manage}/roots/0`, ca))
  await eventually(() => read(`https://${address}:${listen}/dir`, ca))
  const told = `http://${address}:${dnsManage}`
  const tell = async (path: string, body: unknown) => {
    const answer = await fetch(`${told}${path}`, { method: 'POST', body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`pebble's DNS answered ${answer.status}`)
  }
  return {
    authority: { directory: `https://${address}:${listen}/dir`, ca },
    httpPort: Number(ports.httpPort),
    root,
    dns: told,
    setText: (name, value) => tell('/set-txt', { host: `${name}.`, value }),
    forget: (name) => tell('/set-servfail', { host: `${name}.` }),
    clearText: (name) => tell('/clear-txt', { host: `${name}.` }),
  }
}

function read(url: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ca, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(`HTTP ${response.statusCode}`))))
    })
    sent.on('error', reject)
    sent.end()
  })
}

async function eventually<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + 20_000
  for (;;)
    try {
      return await work()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await sleep(50)
    }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
