import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { selfSigned } from './certificates.fixture.ts'
import type { Running } from './harness.ts'
import { digest, load, type Outcome } from './load.fixture.ts'
import type { Upstream } from './site.ts'

/** How much is done to an appliance under load. */
export interface Turmoil {
  switches: number
  reloads: number
  /** Sites added and removed, and certificates replaced, without a reload. */
  plain: number
  deaths: number
  /** The load goes on until it has made so many requests. */
  requests: number
  factor: number
}

/** What came of it. */
export interface Stirred extends Outcome {
  /** Milliseconds that a route switch took. */
  switchMs: number[]
}

/** Does all of it while clients of every kind ask for one site; none of them may notice. */
export async function stir({ client, port, httpsPort, killApi }: Running, turmoil: Turmoil): Promise<Stirred> {
  const apps = await Promise.all([echo(), echo()])
  const upstreams = apps.map(({ upstream }) => upstream)
  const certificates = [await selfSigned('one.test'), await selfSigned('one.test')]
  const one = (index: number) => {
    const pair = certificates[index % 2]
    if (pair === undefined) throw new Error('there is no certificate')
    return { name: 'one', hosts: ['one.test'], tls: { ...pair, redirect: false } }
  }
  await client.sync({ sites: [one(0)], routes: { one: upstreams.slice(0, 1) } })
  const clients = load({ port, httpsPort, host: 'one.test' }, turmoil.factor)
  const switchMs: number[] = []
  let [reloads, plain, deaths] = [0, 0, 0]
  const due = (done: number, all: number, at: number) => done < Math.floor((all * (at + 1)) / turmoil.switches)
  for (let at = 0; at < turmoil.switches; at++) {
    const began = performance.now()
    await client.setRoutes('one', upstreams.slice(at % 2).slice(0, 1))
    switchMs.push(performance.now() - began)
    if (at % 10 === 0) await client.drain(upstreams.slice(1 - (at % 2)).slice(0, 1), { timeoutMs: 50 })
    // A size of its own is a line in nginx's configuration.
    if (due(reloads, turmoil.reloads, at))
      await client.putSite({ name: 'block', hosts: ['block.test'], options: { maxBodySize: `${++reloads}m` } })
    if (due(plain, turmoil.plain, at)) {
      await client.putSite({ name: 'plain', hosts: [`plain-${++plain}.test`] })
      await client.putSite(one(plain))
      if (plain % 2 === 0) await client.removeSite('plain')
    }
    if (due(deaths, turmoil.deaths, at)) {
      deaths++
      await killApi()
    }
  }
  while (clients.requests() < turmoil.requests) await client.setRoutes('one', upstreams)
  const outcome = await clients.end()
  for (const { server } of apps) {
    server.closeAllConnections()
    server.close()
  }
  return { ...outcome, switchMs }
}

/** An app that answers with the digest of what it is sent, and says everything back once a client upgrades. */
async function echo(): Promise<{ server: Server; upstream: Upstream }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => response.end(digest(chunks)))
  })
  server.on('upgrade', (_request, socket) => {
    socket.on('error', () => undefined)
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, upstream: { address: '127.0.0.1', port: (server.address() as AddressInfo).port } }
}
