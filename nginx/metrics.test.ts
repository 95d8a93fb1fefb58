import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bucketSeconds, percentile, prometheus, summary } from './metrics.ts'

const counts = (buckets: Record<number, number>) => Array.from({ length: bucketSeconds.length + 1 }, (_, at) => buckets[at] ?? 0)

test('a percentile is within the bucket where its request is, and spread evenly there', () => {
  assert.equal(percentile(counts({ 0: 100 }), 0.5), 0.0005)
  assert.equal(percentile(counts({ 0: 50, 7: 50 }), 0.5), 0.001)
  assert.equal(percentile(counts({ 0: 50, 7: 50 }), 1), 0.016)
  assert.equal(percentile(counts({ 32: 1 }), 0.99), 65.536)
  assert.equal(percentile(counts({}), 0.99), 0)
})

test('percentiles grow with the share, and stay within what was counted', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { minLength: 33, maxLength: 33 }), (buckets) => {
      const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(buckets, share))
      assert.ok((p50 ?? 0) <= (p95 ?? 0) && (p95 ?? 0) <= (p99 ?? 0) && (p99 ?? 0) <= 65.536)
    }),
  )
})

test('a summary has rate, errors and percentiles, and none without requests', () => {
  const some = summary({ classes: [0, 90, 0, 5, 5], buckets: counts({ 0: 100 }), bytes: 1000, seconds: 1 }, 5, 250)
  assert.deepEqual([some.requests, some.perSecond, some.errors, some.classes['5xx'], some.p50], [100, 0.4, 0.05, 5, 0.0005])
  const none = summary({ classes: [0, 0, 0, 0, 0], buckets: counts({}), bytes: 0, seconds: 0 }, 5, 250)
  assert.deepEqual([none.requests, none.errors, 'p50' in none], [0, 0, false])
})

test('Prometheus gets counters, a histogram that adds up, connections and the ends of certificates', () => {
  const of = { classes: [0, 2, 0, 0, 1], buckets: counts({ 0: 2, 32: 1 }), bytes: 7, seconds: 70.5 }
  const text = prometheus(
    new Map([['one', of]]),
    'Active connections: 3 \nReading: 0 Writing: 1 Waiting: 2 ',
    new Map([['one', '2027-01-01T00:00:00.000Z']]),
  )
  for (const line of [
    'nginx_requests_total{site="one",status="2xx"} 2',
    'nginx_requests_total{site="one",status="5xx"} 1',
    'nginx_request_seconds_bucket{site="one",le="0.001"} 2',
    'nginx_request_seconds_bucket{site="one",le="+Inf"} 3',
    'nginx_request_seconds_sum{site="one"} 70.5',
    'nginx_connections{state="active"} 3',
    'nginx_connections{state="waiting"} 2',
    'nginx_certificate_expiry_timestamp_seconds{site="one"} 1798761600',
  ])
    assert.ok(text.split('\n').includes(line), line)
})
