import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { signalGroup, start } from '#lib/exec.ts'
import { hangUp } from './hang-up.ts'

test('hangUp ends what has the mark, what that started and what does not listen, and nothing else', async (t) => {
  const started = (mark: string, script: string) => {
    const one = start(['sh', '-c', script], { env: { PATH: process.env.PATH ?? '', MARK: mark } })
    t.after(() => signalGroup(one, 'SIGKILL'))
    return one
  }
  const other = started('other', 'echo ready; exec sleep 10000')
  const ours = started('ours', '(trap "" HUP; setsid sleep 10000) & echo ready; wait')
  await Promise.all([other, ours].map((one) => once(one.stdout, 'data')))
  await hangUp('MARK', 'ours', 300)
  assert.equal((await ours).signal, 'SIGHUP')
  // Signal 0 asks whether it is there.
  assert.ok(other.pid !== undefined && process.kill(other.pid, 0))
})
