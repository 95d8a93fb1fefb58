import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { start } from './exec.ts'
import { lock } from './lock.ts'

async function scratch(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'lock-'))
  t.after(() => rm(dir, { recursive: true }))
  return join(dir, 'lock')
}

/** Another process that holds the lock until it is killed. */
async function holder(path: string) {
  const program = `import { lock } from ${JSON.stringify(join(import.meta.dirname, 'lock.ts'))}
if (lock(process.argv[1], 0)) console.log('held')
setInterval(() => {}, 1000)`
  const child = start([process.execPath, '--input-type=module', '--eval', program, path], {})
  await once(child.stdout, 'data')
  child.stdout.resume()
  // Wrapped: a child is also the promise of its end.
  return { child }
}

test('lock is given to one at a time, and again after it was released', async (t) => {
  const path = await scratch(t)
  const mine = lock(path, 0)
  assert.notEqual(mine, undefined)
  assert.equal(lock(path, 0), undefined)
  mine?.release()
  lock(path, 0)?.release()
})

test('lock holds against other processes, and ends with its holder even when that is killed', async (t) => {
  const path = await scratch(t)
  const { child } = await holder(path)
  assert.equal(lock(path, 50), undefined)
  child.kill('SIGKILL')
  await child
  const mine = lock(path, 5_000)
  assert.notEqual(mine, undefined)
  mine?.release()
})
