import assert from 'node:assert/strict'
import { test } from 'node:test'
import { masked } from './inspect.ts'

test('masked stars out every value of the environment, whatever it holds, and nothing else', () => {
  const info = { Id: 'a=b', Config: { Image: 'x', Env: ['TOKEN=secret', 'KEY=a=b\nsecret', 'EMPTY='] } }
  assert.deepEqual(masked(info), { Id: 'a=b', Config: { Image: 'x', Env: ['TOKEN=********', 'KEY=********', 'EMPTY=********'] } })
  assert.deepEqual(masked({ Config: { Env: null } }).Config.Env, [])
})
