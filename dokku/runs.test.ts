import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forgotten, type Run } from './runs.ts'

const now = Date.parse('2026-11-22T12:00:00Z')
const run = (id: string, more: Partial<Run>): Run => ({
  id,
  name: id,
  appId: 1,
  dyno: `run.${id}`,
  state: 'exited',
  exitCode: 0,
  detached: true,
  createdAt: '2026-11-22T00:00:00Z',
  endedAt: undefined,
  command: 'true',
  ttlSeconds: undefined,
  address: '',
  ...more,
})

test('forgotten names runs that ended more than an hour ago, and none that goes on', () => {
  const runs = [
    run('old', { endedAt: '2026-11-22T10:59:59Z' }),
    run('new', { endedAt: '2026-11-22T11:00:01Z' }),
    run('running', { state: 'running', endedAt: undefined }),
  ]
  assert.deepEqual(
    forgotten(runs, now).map(({ id }) => id),
    ['old'],
  )
})

test('forgotten leaves ten ended runs of each app', () => {
  const ended = (appId: number, count: number) =>
    Array.from({ length: count }, (_, n) => run(`${appId}-${n}`, { appId, endedAt: '2026-11-22T11:59:00Z' }))
  assert.deepEqual(
    forgotten([...ended(1, 12), ...ended(2, 10)], now).map(({ id }) => id),
    ['1-0', '1-1'],
  )
})
