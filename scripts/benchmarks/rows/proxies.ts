import type { Lab } from '../lab.ts'
import { atLeast, atMost, type Row } from '../row.ts'
import { appliance, caddy, haproxy, inPlace, plainNginx, type Served, sitesOf } from '../side-by-side.ts'
import { type Rounds, rounds, wrk } from '../wrk.ts'

const how = `rounds of \`wrk -t1 -c32 -d2s\` in turn, to an app that is an nginx and answers 1 kB; the hand-written nginx sets the same headers, keeps connections to the app and has the access log of its package; the median of the ratios of a round`

/** The same sites behind several proxies, asked in turn. */
async function compare(lab: Lab, sites: { count: number; encrypted: boolean }, proxies: Readonly<Record<string, Served>>): Promise<Rounds> {
  return await inPlace(async (place) => {
    const served = await sitesOf(place, sites.count, sites.encrypted)
    const asked: Record<string, () => ReturnType<typeof wrk>> = {}
    for (const [name, start] of Object.entries(proxies)) {
      const port = await start(place, served)
      asked[name] = () => wrk(port, { dir: place.dir, hosts: served.hosts, encrypted: sites.encrypted })
    }
    return await rounds(lab.rounds(11), asked)
  })
}

const both = { ours: appliance, nginx: plainNginx }

const rates = ({ rate }: Rounds, ...names: string[]) => names.map((name) => Math.round(rate(name)).toLocaleString('en')).join(' / ')

/** What the load of one site shows, measured once for two rows. */
let one: Promise<Rounds> | undefined
function oneSite(lab: Lab): Promise<Rounds> {
  one ??= compare(lab, { count: 1, encrypted: false }, both)
  return one
}

/** How much the appliance lets through, and how late the latest answers are. */
export const proxyRate: Row = {
  name: 'proxy',
  what: 'requests/s, 1 site: appliance / hand-written nginx with upstream keep-alive',
  bar: atLeast(0.93),
  gated: false,
  how: `11 ${how}`,
  async measure(lab) {
    const seen = await oneSite(lab)
    return { value: seen.ratio('ours', 'nginx', 'rate'), said: rates(seen, 'ours', 'nginx') }
  },
}

export const proxyLate: Row = {
  name: 'proxy-p99',
  what: 'the time in which 99 of 100 are answered: appliance / hand-written nginx',
  bar: atMost(1.1),
  gated: false,
  how: 'of the same rounds',
  async measure(lab) {
    const seen = await oneSite(lab)
    return { value: seen.ratio('ours', 'nginx', 'p99'), said: `${seen.p99('ours').toFixed(2)} / ${seen.p99('nginx').toFixed(2)} ms` }
  },
}

/** The same with certificates, and with many sites. */
export const proxyTls = against('proxy-tls', 'with TLS', { count: 1, encrypted: true })
export const proxyMany = against('proxy-1000', '1,000 sites, each asked in turn', { count: 1000, encrypted: false })

function against(name: string, what: string, sites: { count: number; encrypted: boolean }): Row {
  return {
    name,
    what: `requests/s, ${what}: appliance / hand-written nginx`,
    bar: atLeast(0.9),
    gated: false,
    how: `11 ${how}`,
    async measure(lab) {
      const seen = await compare(lab, sites, both)
      const late = seen.ratio('ours', 'nginx', 'p99').toFixed(2)
      return { value: seen.ratio('ours', 'nginx', 'rate'), said: `${rates(seen, 'ours', 'nginx')}; p99 ${late}` }
    },
  }
}

/** Beside what others use. */
export const proxyOthers: Row = {
  name: 'proxy-others',
  what: "requests/s: appliance / Debian's Caddy; beside them Debian's HAProxy",
  bar: atLeast(1),
  gated: false,
  how: `11 ${how}`,
  async measure(lab) {
    const seen = await compare(lab, { count: 1, encrypted: false }, { ours: appliance, caddy, haproxy })
    const late = ['ours', 'caddy', 'haproxy'].map((name) => seen.p99(name).toFixed(2)).join(' / ')
    const said = `${rates(seen, 'ours', 'caddy', 'haproxy')}; p99 ${late} ms; appliance / HAProxy ${seen.ratio('ours', 'haproxy', 'rate').toFixed(2)}`
    return { value: seen.ratio('ours', 'caddy', 'rate'), said }
  },
}
