import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRestartPolicy } from './restart-policy.ts'

test('parseRestartPolicy knows the policies of Dokku and no others', () => {
  assert.deepEqual(parseRestartPolicy('on-failure:20'), { Name: 'on-failure', MaximumRetryCount: 20 })
  for (const name of ['on-failure', 'always', 'unless-stopped', 'no']) assert.deepEqual(parseRestartPolicy(name), { Name: name })
  for (const bad of ['', 'never', 'always:3', 'on-failure:', 'on-failure:-1', 'on-failure:x'])
    assert.throws(() => parseRestartPolicy(bad), { code: 'bad-restart-policy' })
})
