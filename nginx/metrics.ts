import { z } from 'zod'
import { ask } from './socket.ts'

/** Upper bounds of the buckets of request times, in seconds, as lua/metrics.lua has them; what is longer is in one more. */
export const bucketSeconds = [
  1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12_288, 16_384,
  24_576, 32_768, 49_152, 65_536,
].map((milliseconds) => milliseconds / 1000)

/** What was counted of a site. */
export interface Counts {
  /** Requests by the class of their status, 1xx to 5xx. */
  readonly classes: readonly number[]
  /** Requests by how long they took; one more than there are bounds. */
  readonly buckets: readonly number[]
  readonly bytes: number
  /** All request times together, in seconds. */
  readonly seconds: number
}

const seconds = z.number().exactOptional()

/** How a site does, over some minutes. */
export const stats = z.object({
  minutes: z.number(),
  requests: z.number(),
  perSecond: z.number(),
  classes: z.object({ '1xx': z.number(), '2xx': z.number(), '3xx': z.number(), '4xx': z.number(), '5xx': z.number() }),
  /** The share of 5xx, 0 to 1. */
  errors: z.number(),
  bytes: z.number(),
  /** Within so many seconds so many of a hundred requests were done; absent without requests. */
  p50: seconds,
  p95: seconds,
  p99: seconds,
})

export type Stats = z.infer<typeof stats>

/** What was counted of sites since nginx started. */
export async function totals(socket: string, sites: readonly string[]): Promise<Map<string, Counts>> {
  const { text } = await ask(socket, 'POST', '/metrics', { body: sites.join('\n') })
  const bySite = Map.groupBy(words(text), ([site = '']) => site)
  return new Map([...bySite].map(([site, lines]) => [site, counted(lines.map(([, name, value]) => [name ?? '', Number(value)]))]))
}

/** How a site does, over the last minutes; the one that runs counts as far as it is. */
export async function statsOf(socket: string, site: string, minutes: number, now = Date.now()): Promise<Stats> {
  const { text } = await ask(socket, 'POST', '/minutes', { body: `${site} ${minutes}` })
  const lines = words(text).map(([name = '', value]) => [name, Number(value)] as const)
  return summary(counted(lines), minutes, (minutes - 1) * 60 + ((now / 1000) % 60))
}

/** Pure. */
export function summary({ classes, buckets, bytes }: Counts, minutes: number, seconds: number): Stats {
  const requests = classes.reduce((sum, count) => sum + count, 0)
  const [c1 = 0, c2 = 0, c3 = 0, c4 = 0, c5 = 0] = classes
  return {
    minutes,
    requests,
    perSecond: requests / Math.max(seconds, 1),
    classes: { '1xx': c1, '2xx': c2, '3xx': c3, '4xx': c4, '5xx': c5 },
    errors: requests === 0 ? 0 : c5 / requests,
    bytes,
    ...(requests === 0 ? {} : { p50: percentile(buckets, 0.5), p95: percentile(buckets, 0.95), p99: percentile(buckets, 0.99) }),
  }
}

/** The time within which this share of requests was done, in seconds: within a bucket they are taken to be spread evenly. */
export function percentile(buckets: readonly number[], share: number): number {
  const wanted = share * buckets.reduce((sum, count) => sum + count, 0)
  let below = 0
  for (const [at, count] of buckets.entries()) {
    if (count > 0 && below + count >= wanted) {
      const from = bucketSeconds[at - 1] ?? 0
      const to = bucketSeconds[at] ?? from
      return from + ((wanted - below) / count) * (to - from)
    }
    below += count
  }
  return 0
}

/** Prometheus' text format. `label` is what a site is called there. */
export function prometheus(all: ReadonlyMap<string, Counts>, connections: string, certificates: ReadonlyMap<string, string>): string {
  const out = ['# TYPE nginx_requests_total counter']
  for (const [site, { classes }] of all)
    for (const [at, count] of classes.entries())
      if (count > 0) out.push(`nginx_requests_total{site="${site}",status="${at + 1}xx"} ${count}`)
  out.push('# TYPE nginx_response_bytes_total counter')
  for (const [site, { bytes }] of all) out.push(`nginx_response_bytes_total{site="${site}"} ${bytes}`)
  out.push('# TYPE nginx_request_seconds histogram')
  for (const [site, { buckets, seconds }] of all) {
    let sum = 0
    for (const [at, count] of buckets.entries()) {
      sum += count
      out.push(`nginx_request_seconds_bucket{site="${site}",le="${bucketSeconds[at] ?? '+Inf'}"} ${sum}`)
    }
    out.push(`nginx_request_seconds_sum{site="${site}"} ${seconds}`, `nginx_request_seconds_count{site="${site}"} ${sum}`)
  }
  out.push('# TYPE nginx_connections gauge')
  for (const [, state, count] of connections.matchAll(/(Active connections|Reading|Writing|Waiting): (\d+)/g))
    out.push(`nginx_connections{state="${(state ?? '').replace(' connections', '').toLowerCase()}"} ${count}`)
  out.push('# TYPE nginx_certificate_expiry_timestamp_seconds gauge')
  for (const [site, notAfter] of certificates)
    out.push(`nginx_certificate_expiry_timestamp_seconds{site="${site}"} ${Math.floor(Date.parse(notAfter) / 1000)}`)
  return `${out.join('\n')}\n`
}

function counted(fields: readonly (readonly [string, number])[]): Counts {
  const classes = Array.from({ length: 5 }, () => 0)
  const buckets = Array.from({ length: bucketSeconds.length + 1 }, () => 0)
  let [bytes, milliseconds] = [0, 0]
  for (const [name, value] of fields) {
    const at = Number(name.slice(1)) - 1
    if (name === 'bytes') bytes += value
    else if (name === 'time') milliseconds += value
    else if (name.startsWith('s')) classes[at] = (classes[at] ?? 0) + value
    else buckets[at] = (buckets[at] ?? 0) + value
  }
  return { classes, buckets, bytes, seconds: milliseconds / 1000 }
}

function words(text: string): string[][] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' '))
}
