import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inQueueOrder, type LiveBuild, type LiveBuilds } from './live-builds.ts'

test('inQueueOrder puts what runs first, then those that wait for a slot as they came, then those that wait for their app', () => {
  const live: LiveBuilds = new Map(
    (
      [
        [1, false],
        [2, false],
        [4, true],
        [3, true],
      ] as const
    ).map(([id, waitsForSlot]) => [id, { waitsForSlot } as LiveBuild]),
  )
  const builds = [
    { build: { id: 4, status: 'queued' } },
    { build: { id: 3, status: 'queued' } },
    { build: { id: 2, status: 'queued' } },
    { build: { id: 1, status: 'deploying' } },
  ]
  assert.deepEqual(
    inQueueOrder(builds, live).map(({ build }) => build.id),
    [1, 4, 3, 2],
  )
})
