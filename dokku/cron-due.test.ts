import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dueIn, spanOf } from './cron-due.ts'

const at = (text: string) => Date.parse(text)
const minute = 60_000
const berlin = (schedule: string) => ({ schedule, zone: 'Europe/Berlin' })

/** When a clock that is looked at each minute has something run. */
function runs(task: { schedule: string; zone: string | undefined }, from: string, to: string): string[] {
  const found: string[] = []
  let last: number | undefined = at(from)
  for (let now = at(from); now <= at(to); now += minute) {
    const span = spanOf(last, now)
    if (dueIn(task, span) === 'due') found.push(new Date(now).toISOString().slice(5, 16))
    last = span.until
  }
  return found
}

test('a task in the hour that summer time leaves out runs once, right after it', () => {
  assert.deepEqual(runs(berlin('30 2 * * *'), '2026-03-28T20:00:00Z', '2026-03-30T05:00:00Z'), ['03-29T01:00', '03-30T00:30'])
})

test('a task in the hour that comes twice runs once; one of every half an hour goes on', () => {
  assert.deepEqual(runs(berlin('30 2 * * *'), '2026-10-24T20:00:00Z', '2026-10-26T05:00:00Z'), ['10-25T00:30', '10-26T01:30'])
  assert.equal(runs(berlin('*/30 * * * *'), '2026-10-24T22:10:00Z', '2026-10-25T03:10:00Z').length, 10)
})

test('a zone says when a day begins', () => {
  assert.deepEqual(runs({ schedule: '@daily', zone: 'Asia/Tokyo' }, '2026-06-01T10:00:00Z', '2026-06-02T10:00:00Z'), ['06-01T15:00'])
})

test('a clock that is set back a little runs nothing twice, one that is set back far counts anew', () => {
  const daily = { schedule: '0 10 * * *', zone: 'UTC' }
  const last = at('2026-06-01T10:00:30Z')
  const back = spanOf(last, at('2026-06-01T09:50:00Z'))
  assert.deepEqual(back, { after: last, until: last })
  assert.equal(dueIn(daily, spanOf(back.until, at('2026-06-01T10:00:20Z'))), undefined)
  const far = spanOf(at('2036-01-01T00:00:00Z'), at('2026-06-01T09:50:00Z'))
  assert.deepEqual(far, { after: far.until, until: at('2026-06-01T09:50:00Z') })
  assert.equal(dueIn(daily, spanOf(far.until, at('2026-06-01T10:00:10Z'))), 'due')
})

test('what was due while nobody looked, or a clock jumped ahead over, is missed once, however often it was due', () => {
  const hourly = { schedule: '0 * * * *', zone: 'UTC' }
  const span = spanOf(at('2026-06-01T00:30:00Z'), at('2026-06-01T09:30:00Z'))
  assert.equal(dueIn(hourly, span), 'missed')
  assert.equal(dueIn(hourly, spanOf(span.until, at('2026-06-01T09:31:00Z'))), undefined)
  assert.equal(dueIn({ schedule: '30 9 * * *', zone: 'UTC' }, span), 'due')
})

test('the first look of all finds nothing due', () => {
  assert.equal(dueIn({ schedule: '* * * * *', zone: 'UTC' }, spanOf(undefined, at('2026-06-01T00:30:00Z'))), undefined)
})
