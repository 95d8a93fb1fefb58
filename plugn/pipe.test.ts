import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { silent } from './dispatch.ts'
import { executables } from './executable.ts'
import { pipe } from './pipe.ts'

const folder = await mkdtemp(join(tmpdir(), 'pipe-'))
after(() => rm(folder, { recursive: true }))

async function handler(plugin: string, body: string) {
  const dir = join(folder, plugin)
  await mkdir(dir)
  await writeFile(join(dir, 'filter'), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  return executables({ plugin, dir, variables: {} })
}

const first = await handler('first', 'echo "$1"; cat')
const second = await handler('second', 'sed s/o/0/')
const failing = await handler('failing', 'echo lost; exit 5')
const deaf = await handler('deaf', 'echo deaf')
const floods = await handler('floods', 'head -c 30000000 /dev/zero')

for (const parallel of [false, true]) {
  const how = parallel ? 'at once' : 'one after another'

  async function piped(...handlers: ReturnType<typeof executables>[]) {
    const stdout = new PassThrough()
    const said = text(stdout)
    const status = await pipe('filter', ['hook'], handlers, { ...silent(), stdin: Readable.from(['in\n']), stdout }, { parallel })
    stdout.end()
    return { status, said: await said }
  }

  test(`a pipe ${how} hands the output of each plugin to the next, and only that of the last to the caller`, async () => {
    assert.deepEqual(await piped(first, second), { status: 0, said: 'h0ok\nin\n' })
    assert.deepEqual(await piped(first), { status: 0, said: 'hook\nin\n' })
  })

  test(`a pipe ${how} has the status of the plugin that fails`, async () => {
    assert.equal((await piped(first, failing, second)).status, 5)
  })

  test(`a pipe ${how} is not held up by a plugin that reads nothing of much`, async () => {
    assert.deepEqual(await piped(floods, deaf), { status: 0, said: 'deaf\n' })
  })
}
