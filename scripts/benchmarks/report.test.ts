import assert from 'node:assert/strict'
import { test } from 'node:test'
import { growthChart } from './chart.ts'
import { pageText } from './page.ts'
import { compare, type Machine, merge, parseReport, type Report, type Result, show } from './report.ts'
import { atLeast, atMost } from './row.ts'
import { rows } from './rows.ts'

const machine: Machine = { cores: 2, memory: '8.0 GiB', kernel: '6.1', processor: 'a processor', versions: { nginx: '1.26' } }
const result = (given: Partial<Result>): Result => ({
  ...{ name: 'list', what: '`apps:list`', how: 'in turn', gated: true, bar: atMost(1.2), date: '2026-11-01T00:00:00Z', busy: 0 },
  ...{ value: 1, said: '1 / 1 ms' },
  ...given,
})
const report = (...results: Partial<Result>[]): Report => ({ machine, rows: results.map(result) })
const list = [{ name: 'list', gated: true, what: 'a list' }]

test('a row within its bar and as good as before is no complaint', () => {
  assert.deepEqual(compare(list, report({ value: 1.1 }), report({ value: 1 })), [])
  assert.deepEqual(compare(list, report({ value: 1.1 }), undefined), [])
})

test('a gated row beyond its bar fails, others are said', () => {
  const [gated] = compare(list, report({ value: 1.3 }), undefined)
  assert.deepEqual(gated, { text: 'list: 1.30, beyond its bar of <= 1.2', fails: true })
  const [other] = compare([{ ...list[0], name: 'list', what: '', gated: false }], report({ value: 1.3 }), undefined)
  assert.equal(other?.fails, false)
})

test('a bar from below is kept by what is above it', () => {
  const bar = atLeast(0.88)
  assert.deepEqual(compare(list, report({ bar, value: 0.9 }), undefined), [])
  assert.equal(compare(list, report({ bar, value: 0.8 }), undefined).length, 1)
})

test('more than a fifth worse than before is said, in the direction of the bar', () => {
  const text = 'list: 0.75, more than a fifth worse than 0.60 on 2026-11-01'
  assert.deepEqual(compare(list, report({ value: 0.75 }), report({ value: 0.6 })), [{ text, fails: false }])
  assert.deepEqual(compare(list, report({ value: 0.6 }), report({ value: 0.75 })), [])
  const bar = atLeast(10)
  assert.equal(compare(list, report({ bar, value: 12 }), report({ bar, value: 20 })).length, 1)
  assert.deepEqual(compare(list, report({ bar, value: 20 }), report({ bar, value: 12 })), [])
})

test('what is little beside the bar is noise', () => {
  assert.deepEqual(compare(list, report({ value: 0.05 }), report({ value: 0.02 })), [])
})

test('a row without a figure is said, and a gated one fails', () => {
  assert.deepEqual(compare(list, report(), undefined), [{ text: 'list: was not measured (a list)', fails: true }])
})

test('new figures replace the old ones of their rows, on the same machine only', () => {
  const order = [{ name: 'a' }, { name: 'b' }]
  const old = report({ name: 'gone' }, { name: 'b', value: 1 }, { name: 'a', value: 1 })
  const values = (merged: Report) => merged.rows.map(({ name, value }) => `${name} ${value}`)
  assert.deepEqual(values(merge(order, report({ name: 'b', value: 2 }), old)), ['a 1', 'b 2'])
  const other = { ...old, machine: { ...machine, cores: 64 } }
  assert.deepEqual(values(merge(order, report({ name: 'b', value: 2 }), other)), ['b 2'])
})

test('figures survive being written and read', () => {
  const written = report({ series: [{ apps: 1, value: 1 }] })
  assert.deepEqual(parseReport(JSON.stringify(written)), written)
})

test('figures are shown with their unit and no more digits than they deserve', () => {
  assert.equal(show({ value: 0, bar: atMost(0) }), '0')
  assert.equal(show({ value: 1.0449, bar: atMost(2, 's') }), '1.04 s')
  assert.equal(show({ value: 56.7, bar: atMost(110, 'MB') }), '57 MB')
})

test('the page names the machine, marks what gates, what missed and when the machine was busy', () => {
  const page = pageText(report({ value: 1.5, busy: 0.5 }))
  assert.match(page, /^\| ● \*\*missed\*\* \| `apps:list` \| <= 1\.2 \| 1\.50 \| 1 \/ 1 ms \|$/m)
  assert.match(page, /on 2026-11-01 on 2 cores of a processor, 8\.0 GiB, kernel 6\.1: nginx 1\.26\./)
  assert.match(page, /list \(50 %\)/)
  assert.doesNotMatch(pageText(report({})), /missed|Something else/)
})

test('the chart has a panel with bar, points and escaped words for each row that grows', () => {
  const series = [
    { apps: 1, value: 1 },
    { apps: 100, value: 2 },
  ]
  const chart = growthChart([result({}), result({ what: '2 apps: a < b', series, bar: atMost(4) })])
  assert.equal(chart.match(/<polyline/g)?.length, 1)
  assert.equal(chart.match(/<circle/g)?.length, 2)
  assert.match(chart, />a &lt; b</)
  assert.match(chart, />&lt;= 4</)
  assert.doesNotMatch(chart, /NaN|undefined/)
  // Twice the value is twice as high above the axis.
  const [one = 0, two = 0] = [...chart.matchAll(/cy="([\d.]+)"/g)].map(([, y]) => 156 - Number(y))
  assert.ok(Math.abs(two - 2 * one) < 0.3, `${one} and ${two}`)
})

test('every row has a name of its own', () => {
  const names = rows.map(({ name }) => name)
  assert.deepEqual([...new Set(names)], names)
})
