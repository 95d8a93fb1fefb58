import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launch, run } from '#lib/exec.ts'
import { selfSigned } from '../../nginx/certificates.fixture.ts'
import { applianceOf, freePort, get, type Running } from '../../nginx/harness.ts'
import type { Upstream } from '../../nginx/site.ts'

/** The part of a test's context that an appliance needs: what is to be done when the measurement is over. */
export interface Place {
  readonly dir: string
  after(work: () => unknown): void
}

/** A folder for a measurement; what it started ends with it. */
export async function inPlace<T>(work: (place: Place) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'side-by-side-'))
  const ends: (() => unknown)[] = [() => rm(dir, { recursive: true, force: true })]
  try {
    return await work({ dir, after: (end) => void ends.unshift(end) })
  } finally {
    for (const end of ends) await end()
  }
}

/** What all proxies of a measurement serve: hosts, the one app behind them, and a certificate where they are served encrypted. */
export interface Sites {
  hosts: readonly string[]
  upstream: Upstream
  tls?: { certificate: string; key: string }
}

/** Sites `localhost`, which wrk finds without a resolver, and as many more as it takes. */
export async function sitesOf(place: Place, count: number, encrypted: boolean): Promise<Sites> {
  const hosts = ['localhost', ...Array.from({ length: count - 1 }, (_, index) => `site-${index}.test`)]
  return { hosts, upstream: await smallApp(place), ...(encrypted ? { tls: await selfSigned('localhost', '*.test') } : {}) }
}

/** An app that answers at once with 1 kB: an nginx, so that the proxies are what is measured. */
async function smallApp(place: Place): Promise<Upstream> {
  const port = await freePort()
  const server = `listen 127.0.0.1:${port}; keepalive_requests 1000000; location / { return 200 "${'x'.repeat(1023)}\\n"; }`
  await nginx(place, `app-${port}`, `worker_processes 1;\n`, `access_log off;\nserver { ${server} }\n`)
  return { address: '127.0.0.1', port }
}

/** Where a proxy listens: HTTPS when its sites have a certificate. */
export type Served = (place: Place, sites: Sites) => Promise<number>

/** The appliance with these sites, as it runs by itself. */
export async function applianceWith(place: Place, sites: Sites): Promise<Running> {
  const running = await applianceOf(place)
  const name = (index: number) => `site-${index}`
  await running.client.sync({
    sites: sites.hosts.map((host, index) => ({ name: name(index), hosts: [host], ...(sites.tls === undefined ? {} : { tls: sites.tls }) })),
    routes: Object.fromEntries(sites.hosts.map((_, index) => [name(index), [sites.upstream]])),
  })
  return running
}

export const appliance: Served = async (place, sites) => {
  const { port, httpsPort } = await applianceWith(place, sites)
  return sites.tls === undefined ? port : httpsPort
}

/** nginx as a careful person writes it: kept connections to the app, the same headers, and the access log that packages set up. */
export const plainNginx: Served = async (place, { hosts, upstream, tls }) => {
  const port = await freePort()
  const listen =
    tls === undefined
      ? `listen 127.0.0.1:${port};`
      : `listen 127.0.0.1:${port} ssl;\nssl_certificate ${await pem(place, tls)};\nssl_certificate_key ${await pem(place, tls)};`
  const server = (host: string) => `server { ${listen} server_name ${host}; location / { proxy_pass http://app; } }\n`
  const http = `access_log ${place.dir}/access.log;
keepalive_requests 10000;
tcp_nopush on;
server_names_hash_max_size 16384;
${tls === undefined ? '' : 'ssl_session_cache shared:sessions:10m;\nadd_header Strict-Transport-Security "max-age=15724800; includeSubDomains" always;'}
map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
upstream app { server ${upstream.address}:${upstream.port}; keepalive 128; keepalive_requests 10000; }
proxy_http_version 1.1;
proxy_set_header Host $http_host;
proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_set_header X-Forwarded-Port $server_port;
proxy_set_header X-Request-Start $msec;
proxy_set_header X-Request-ID $request_id;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection $connection_upgrade;
${hosts.map(server).join('')}`
  await nginx(place, `plain-${port}`, 'worker_processes auto;\n', http)
  await untilServed(port, tls !== undefined)
  return port
}

/** Debian's Caddy. */
export const caddy: Served = async (place, { hosts, upstream, tls }) => {
  const port = await freePort()
  const scheme = tls === undefined ? 'http' : 'https'
  const secured = tls === undefined ? '' : `tls ${await pem(place, tls)} ${await pem(place, tls)}\n`
  const site = (host: string) => `${scheme}://${host}:${port} {\n${secured}reverse_proxy ${upstream.address}:${upstream.port}\n}\n`
  const file = join(place.dir, `Caddyfile-${port}`)
  await writeFile(file, `{\nadmin off\nauto_https off\n}\n${hosts.map(site).join('')}`)
  started(place, ['caddy', 'run', '--adapter', 'caddyfile', '--config', file])
  await untilServed(port, tls !== undefined)
  return port
}

/** Debian's HAProxy. */
export const haproxy: Served = async (place, { upstream, tls }) => {
  const port = await freePort()
  const file = join(place.dir, `haproxy-${port}.cfg`)
  const secured = tls === undefined ? '' : ` ssl crt ${await pem(place, tls)}`
  await writeFile(
    file,
    `defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend front
  bind 127.0.0.1:${port}${secured}
  option forwardfor
  default_backend app
backend app
  http-reuse always
  server app ${upstream.address}:${upstream.port}
`,
  )
  started(place, ['haproxy', '-f', file])
  await untilServed(port, tls !== undefined)
  return port
}

/** Certificate and key in one file. */
async function pem({ dir }: Place, { certificate, key }: { certificate: string; key: string }): Promise<string> {
  const file = join(dir, 'pair.pem')
  await writeFile(file, `${certificate}${key}`)
  return file
}

async function nginx(place: Place, name: string, main: string, http: string): Promise<void> {
  const file = join(place.dir, `${name}.conf`)
  const log = join(place.dir, `${name}.log`)
  await writeFile(
    file,
    `${main}daemon off;\npid ${place.dir}/${name}.pid;\nerror_log ${log};\nevents { worker_connections 16384; }\nhttp {\n${http}}\n`,
  )
  started(place, ['nginx', '-e', log, '-c', file])
}

/** Starts a program that ends with the measurement. */
function started(place: Place, argv: [string, ...string[]]): void {
  const env = { PATH: process.env.PATH ?? '', HOME: place.dir }
  const { kill, exited } = launch(argv, { cwd: place.dir, env, stdio: ['ignore', 'ignore', 'ignore'], ownGroup: true })
  place.after(async () => {
    kill('SIGTERM')
    await exited
  })
}

async function untilServed(port: number, encrypted: boolean): Promise<void> {
  const served = async () =>
    encrypted
      ? (await run(['curl', '-ksf', '-o', '/dev/null', `https://localhost:${port}/`], { allow: 'any' })).exitCode === 0
      : (await get(port, 'localhost')).status === 200
  for (let tries = 0; !(await served().catch(() => false)); tries++) {
    if (tries > 500) throw new Error(`nobody serves port ${port}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
