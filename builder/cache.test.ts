import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encode } from './buildkit/protobuf.ts'
import { decodeRecord } from './cache.ts'

const time = (seconds: number, nanoseconds: number) =>
  encode([
    [1, seconds],
    [2, nanoseconds],
  ])

describe('builder cache', () => {
  test('a record is read as Engine 20.10 and as newer ones write it', () => {
    const common: Parameters<typeof encode>[0] = [
      [1, 'abc'],
      [4, 3_000_000_000],
      [9, 'a step'],
      [6, time(1_795_377_484, 500_000_000)],
      [7, time(1_795_377_485, 0)],
    ]
    const expected = {
      id: 'abc',
      description: 'a step',
      bytes: 3e9,
      createdAt: 1_795_377_484_500,
      usedAt: 1_795_377_485_000,
      inUse: false,
      shared: false,
    }
    assert.deepEqual(decodeRecord(encode([...common, [5, 'below']])), { ...expected, parents: ['below'] })
    assert.deepEqual(decodeRecord(encode([...common, [12, 'one'], [12, 'two'], [3, 1], [11, 1]])), {
      ...expected,
      parents: ['one', 'two'],
      inUse: true,
      shared: true,
    })
  })

  test('a record that was never used counts as used when it was made', () => {
    assert.equal(decodeRecord(encode([[6, time(10, 0)]])).usedAt, 10_000)
  })
})
