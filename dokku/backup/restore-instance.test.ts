import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createApp } from '../create.ts'
import { dockerOptions, storeDockerOptions } from '../docker-options.ts'
import { stateOnly } from '../fixtures.ts'
import { isolate, renameVolumes } from './renamed-volumes.ts'
import { finishRestore, holdsInstance } from './restore-instance.ts'

async function volume(t: { after(after: () => Promise<void>): void }, files: Record<string, string>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'restore-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(dir, path, '..'), { recursive: true })
    await writeFile(join(dir, path), content)
  }
  return dir
}

const staged = {
  'restore/dokku.sqlite': 'new',
  'restore/secrets/b.key': 'new',
  'restore/repositories/1.git/HEAD': 'new',
  'restore/files/plugins/available/x': 'new',
  'restore/files/secrets/stolen.key': 'not ours',
}
const before = { 'dokku.sqlite': 'old', 'dokku.sqlite-wal': 'old', 'secrets/a.key': 'old', 'plugins/available/y': 'old', 'builds/z': 'old' }

test('what was read becomes the instance only once all of it is there, from wherever that was cut off', async (t) => {
  const half = await volume(t, { ...before, ...staged })
  assert.equal(await finishRestore(half), false)
  assert.equal(await readFile(join(half, 'dokku.sqlite'), 'utf8'), 'old')

  const dir = await volume(t, { ...before, ...staged, 'restore/whole': '{}' })
  assert.equal(await finishRestore(dir), true)
  assert.equal(await readFile(join(dir, 'dokku.sqlite'), 'utf8'), 'new')
  assert.deepEqual((await readdir(join(dir, 'secrets'))).sort(), ['a.key', 'b.key'])
  assert.deepEqual((await readdir(dir)).sort(), ['builds', 'dokku.sqlite', 'plugins', 'repositories', 'secrets'])
  assert.deepEqual(await readdir(join(dir, 'plugins/available')), ['x'])
  assert.equal(await finishRestore(dir), false)

  // As a crash leaves it in the middle: some of it has its place already.
  const moved = await volume(t, { 'restore/whole': '{}', 'dokku.sqlite': 'new', 'repositories/1.git/HEAD': 'new' })
  assert.equal(await finishRestore(moved), true)
  assert.equal(await readFile(join(moved, 'dokku.sqlite'), 'utf8'), 'new')
})

test('a volume holds an instance when there is a database, or what is left of one', async (t) => {
  assert.equal(await holdsInstance(await volume(t, { 'lost+found/x': '' })), false)
  assert.equal(await holdsInstance(await volume(t, { 'dokku.sqlite.backup-0001': '' })), true)
  assert.equal(await holdsInstance('/nowhere/at/all'), false)
})

test('volumes get other names wherever they are mounted, and what leads out of an instance can be taken away', async () => {
  const instance = stateOnly()
  const app = await createApp(instance, 'shop')
  const option = (text: string) => ({ phase: 'deploy' as const, process: '', option: text })
  storeDockerOptions(
    app,
    ['--volume a-storage-x:/data', '--volume /host/path:/data', '--network shared', '--link db:db', '--env A=1'].map(option),
  )
  const options = () => dockerOptions(app).map((one) => one.option)
  renameVolumes(instance.db, (name) => name.replace(/^a-/, 'b-'))
  assert.deepEqual(options(), ['--volume b-storage-x:/data', '--volume /host/path:/data', '--network shared', '--link db:db', '--env A=1'])
  isolate(instance.db)
  assert.deepEqual(options(), ['--volume b-storage-x:/data', '--env A=1'])
})
