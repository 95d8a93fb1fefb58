import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMoment } from './moment.ts'

test('parseMoment reads how long ago, and ISO times', () => {
  const now = Date.UTC(2026, 10, 23, 12)
  for (const [text, time] of [
    ['90s', '2026-11-23T11:58:30.000000000Z'],
    ['15m', '2026-11-23T11:45:00.000000000Z'],
    ['2h', '2026-11-23T10:00:00.000000000Z'],
    ['3d', '2026-11-20T12:00:00.000000000Z'],
    ['2026-11-23', '2026-11-23T00:00:00.000000000Z'],
    ['2026-11-23T10:00', '2026-11-23T10:00:00.000000000Z'],
    ['2026-11-23 10:00:01.5Z', '2026-11-23T10:00:01.500000000Z'],
    ['2026-11-23T10:00:00+02:00', '2026-11-23T08:00:00.000000000Z'],
  ] as const)
    assert.equal(parseMoment(text, now), time, text)
})

test('parseMoment refuses what is no time', () => {
  for (const text of ['', 'yesterday', '5', '-5m', '5y', '2026-13-01', '2026-11-23T25:00', '1700000000', '9999999d'])
    assert.throws(() => parseMoment(text), { code: 'bad-time' }, text)
})
