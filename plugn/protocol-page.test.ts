import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { run } from '#lib/exec.ts'
import { dispatch, silent } from './dispatch.ts'
import { residentHooks } from './resident.ts'

const python = await run(['python3', '--version']).catch(() => undefined)

test('the plugin that the page of the protocol shows works', { skip: python === undefined && 'there is no python3 here' }, async () => {
  const page = await readFile(join(import.meta.dirname, '..', 'docs/reference/plugin-protocol.md'), 'utf8')
  const [, program = ''] = /```python\n(.*?)```/s.exec(page) ?? []
  const dir = await mkdtemp(join(tmpdir(), 'protocol-'))
  await writeFile(join(dir, 'serve.py'), program)
  const env = { PATH: process.env.PATH ?? '' }
  const shown = residentHooks({
    plugin: 'shown',
    dir,
    run: ['python3', 'serve.py'],
    hooks: ['post-deploy'],
    config: {},
    env,
    log: () => undefined,
  })
  const stdout = new PassThrough({ encoding: 'utf8' })
  const all = dispatch({}, [shown], { ...silent(), stdout })
  try {
    assert.equal(await all.trigger('post-deploy', ['shop', 'v3']), 0)
    assert.equal(stdout.read(), 'post-deploy of shop v3\n')
  } finally {
    await all.close()
    await rm(dir, { recursive: true })
  }
})
