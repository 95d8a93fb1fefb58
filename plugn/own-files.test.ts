import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { run } from '#lib/exec.ts'
import { digestOf } from './fetch.ts'
import { installPlugin, updatePlugin } from './install.ts'
import { carryOver, filesOf } from './own-files.ts'
import { store } from './store.ts'

const folder = await mkdtemp(join(tmpdir(), 'own-files-'))
after(() => rm(folder, { recursive: true }))
let made = 0

async function files(contents: Record<string, string>): Promise<string> {
  const dir = join(folder, `p${++made}`)
  await mkdir(dir)
  for (const [path, text] of Object.entries(contents)) {
    await mkdir(dirname(join(dir, path)), { recursive: true })
    await writeFile(join(dir, path), text)
  }
  return dir
}

test('a pipe or a socket that a process left in the folder of its plugin holds up nothing', async () => {
  const here = store(join(folder, 'store'))
  const source = await files({ hook: 'one' })
  await installPlugin(here, source, { name: 'piped' })
  const place = join(here.available, 'piped')
  const before = await digestOf(place)
  await run(['mkfifo', join(place, 'pipe')])
  assert.equal(await digestOf(place), before)
  await writeFile(join(source, 'hook'), 'two')
  await updatePlugin(here, 'piped')
  assert.equal(await readFile(join(place, 'hook'), 'utf8'), 'two')
})

test('what somebody keeps where the next version has a folder, or below what is a file there, is not lost unsaid', async () => {
  for (const [mine, theirs] of [
    ['data', 'data/file'],
    ['data/deep/file', 'data'],
    ['constructor', 'constructor/x'],
  ] as const) {
    const [from, to] = [await files({ [mine]: 'mine', other: 'kept' }), await files({ [theirs]: 'theirs' })]
    await assert.rejects(carryOver('p', from, to, {}, false), { code: 'plugin-changed', message: new RegExp(`: ${mine}$`) })
    await carryOver('p', from, to, {}, true)
    assert.deepEqual(Object.keys(await filesOf(to)).sort(), [theirs, 'other'].sort())
  }
})

test('a folder with a pipe, one that holds the store itself, and one that is too large are no plugins, and leave nothing', async () => {
  const here = store(join(folder, 'inside', 'store'))
  const refused = async (source: string) =>
    await assert.rejects(installPlugin(here, source, { name: 'x' }), { code: 'bad-archive', message: /cannot be copied/ })
  const piped = await files({})
  await run(['mkfifo', join(piped, 'pipe')])
  await refused(piped)
  await mkdir(join(folder, 'inside'), { recursive: true })
  await refused(join(folder, 'inside'))
  const large = await files({ sparse: '' })
  await truncate(join(large, 'sparse'), 2 * 1024 ** 3)
  await refused(large)
  assert.deepEqual(await here.list(), [])
})
