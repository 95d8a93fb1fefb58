import { readFile } from 'node:fs/promises'
import { selfSigned } from '../../../nginx/certificates.fixture.ts'
import { applianceOf, get, type Running } from '../../../nginx/harness.ts'
import type { WantedSite } from '../../../nginx/site.ts'
import { atMost, type Row } from '../row.ts'
import { applianceWith, inPlace, sitesOf } from '../side-by-side.ts'
import { median, timed } from '../stats.ts'

/** What a deploy waits for at the appliance. */
export const routeSwitch: Row = {
  name: 'route-switch',
  what: 'a route switched, which reloads nothing',
  bar: atMost(5, 'ms'),
  gated: true,
  how: 'the median of 200 by the client of the API; on disk and in nginx when it answers',
  async measure({ brief }) {
    return await inPlace(async (place) => {
      const sites = await sitesOf(place, 1, false)
      const { client } = await applianceWith(place, sites)
      const times: number[] = []
      for (let at = 0; at < (brief ? 20 : 200); at++)
        times.push(await timed(() => client.setRoutes('site-0', [sites.upstream, { address: '127.0.0.1', port: 1000 + at }])))
      return { value: median(times), said: '' }
    })
  },
}

/** How long a new site takes where there are few. */
export const siteServed: Row = {
  name: 'site-served',
  what: '`PUT /sites/x` until it is served, 1 site',
  bar: atMost(150, 'ms'),
  gated: false,
  how: 'the median; beside it a site with options, which is a reload, where no client rests on a connection',
  async measure(lab) {
    return await inPlace(async (place) => {
      const { plain, block } = await served(await applianceOf(place), lab.rounds(11))
      return { value: plain, said: `with options, which is a reload, ${block.toFixed(0)} ms` }
    })
  },
}

/** How long it takes among a thousand that are encrypted. */
export const siteServedMany: Row = {
  name: 'site-served-1000',
  what: '`PUT /sites/x` until it is served, among 1,000 TLS sites',
  bar: atMost(1500, 'ms'),
  gated: false,
  how: 'medians; the figure is of a site with options among 1,000 with options, where each change is a reload',
  async measure(lab) {
    return await inPlace(async (place) => {
      const running = await applianceOf(place)
      const count = lab.brief ? 100 : 1000
      await running.client.sync({ sites: await encrypted(count), routes: {} })
      const among = await served(running, lab.rounds(7))
      const all = (await encrypted(count)).map((site) => ({ ...site, options: { maxBodySize: '2m' } }))
      await running.client.sync({ sites: all, routes: {} })
      const { plain, block } = await served(running, lab.rounds(7))
      const few = `without options ${plain.toFixed(0)} ms; among 1,000 without, ${among.plain.toFixed(0)} and with options ${among.block.toFixed(0)} ms`
      return { value: block, said: few }
    })
  },
}

/** What a thousand sites weigh. */
export const sitesMemory: Row = {
  name: 'memory-1000-sites',
  what: 'idle memory of the appliance with 1,000 TLS sites',
  bar: atMost(120, 'MB'),
  gated: false,
  how: "what each of its processes holds itself, and nginx's shared memory once",
  async measure({ brief }) {
    return await inPlace(async (place) => {
      const running = await applianceOf(place)
      await running.client.sync({ sites: await encrypted(brief ? 100 : 1000), routes: {} })
      const [master, ...rest] = await weights(running)
      const value = [master, ...rest].reduce((sum = 0, one = 0) => sum + one, 0) ?? Number.NaN
      return { value, said: `nginx's master ${master?.toFixed(0)}, others ${rest.map((one) => one.toFixed(0)).join(' + ')}` }
    })
  },
}

/** What reloads leave behind in nginx's master. */
export const reloadMemory: Row = {
  name: 'memory-reloads',
  what: "nginx's master after 200 reloads of 1,000 sites with options / after 20",
  bar: atMost(1.1),
  gated: false,
  how: 'resident memory; workers are new ones after each reload',
  async measure({ brief }) {
    return await inPlace(async (place) => {
      const running = await applianceOf(place)
      const [few, many, count] = brief ? [3, 10, 100] : [20, 200, 1000]
      await running.client.sync({
        sites: (await encrypted(count)).map((site) => ({ ...site, options: { maxBodySize: '2m' } })),
        routes: {},
      })
      const rss: number[] = []
      for (let at = 1; at <= many; at++) {
        await running.client.putSite({ name: 'x', hosts: ['x.test'], options: { maxBodySize: `${at}m` } })
        rss.push(await residentOf(await masterOf(running)))
      }
      const [early = Number.NaN, late = Number.NaN] = [rss[few - 1], rss[many - 1]]
      return { value: late / early, said: `${late.toFixed(0)} / ${early.toFixed(0)} MB, after the first ${rss[0]?.toFixed(0)} MB` }
    })
  },
}

/** Milliseconds until a new site answers: one that is only hosts, and one with options. */
async function served({ client, port }: Running, rounds: number): Promise<{ plain: number; block: number }> {
  const times = { plain: [] as number[], block: [] as number[] }
  for (let round = 0; round < rounds; round++)
    for (const [kind, extra] of [
      ['plain', {}],
      ['block', { options: { maxBodySize: `${round + 1}m` } }],
    ] as const) {
      const host = `${kind}-${round}.test`
      const until = async () => {
        await client.putSite({ name: 'x', hosts: [host], ...extra })
        // It has no route: the page that says so is the site's.
        while ((await get(port, host).catch(() => ({ status: 0 }))).status !== 502);
      }
      times[kind].push(await timed(until))
      await client.removeSite('x')
    }
  return { plain: median(times.plain), block: median(times.block) }
}

/** So many sites with certificates; twenty sites have one in common. */
async function encrypted(count: number): Promise<WantedSite[]> {
  const host = (index: number) => `site-${index}.test`
  const groups = Array.from({ length: count / 20 }, (_, group) => Array.from({ length: 20 }, (_, index) => group * 20 + index))
  const sites: WantedSite[] = []
  for (const group of groups) {
    const tls = await selfSigned(...group.map(host))
    sites.push(...group.map((index) => ({ name: `site-${index}`, hosts: [host(index)], tls })))
  }
  return sites
}

async function masterOf({ stateDir }: Running): Promise<number> {
  return Number(await readFile(`${stateDir}/../run/nginx.pid`, 'utf8'))
}

async function residentOf(pid: number): Promise<number> {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000
}

/** MB that the master, its workers, the API and what keeps that hold themselves, and last the memory that nginx's share. */
async function weights(running: Running): Promise<number[]> {
  const parentOf = async (pid: number) => Number(/^PPid:\t(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1])
  const master = await masterOf(running)
  const api = await parentOf(master)
  const pids = [master, ...(await running.workers()).map(Number), api, await parentOf(api)]
  const status = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/status`, 'utf8')))
  const megabytes = (text: string, field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1000
  const shared = Math.max(...status.map((text) => megabytes(text, 'RssShmem')))
  return [...status.map((text) => megabytes(text, 'RssAnon')), shared]
}
