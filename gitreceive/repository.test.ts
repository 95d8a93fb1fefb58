import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { commit, gitIn, receiver, workTree } from './fixtures.ts'
import { copyRefs, currentCommit } from './repository.ts'

test('ensure makes a bare repository with main as HEAD and hooks outside it', async (t) => {
  const repositories = await receiver(t)
  const path = await repositories.ensure('7')
  assert.equal(await readFile(join(path, 'HEAD'), 'utf8'), 'ref: refs/heads/main\n')
  assert.equal(await gitIn(path, 'config', 'core.hooksPath'), join(dirname(dirname(path)), 'hooks'))
  assert.equal(await gitIn(path, 'config', 'receive.fsckObjects'), 'true')
  assert.deepEqual(
    (await readdir(path)).filter((name) => name === 'hooks'),
    [],
  )
})

test('ensure keeps a repository and puts its settings right again', async (t) => {
  const repositories = await receiver(t)
  const path = await repositories.ensure('7')
  const work = await workTree(t, { a: '1' })
  await gitIn(work, 'push', '--quiet', path, 'main')
  await writeFile(join(path, 'config'), '[core]\n\thooksPath = /tmp\n')
  assert.equal(await repositories.ensure('7'), path)
  assert.notEqual(await gitIn(path, 'config', 'core.hooksPath'), '/tmp')
  assert.equal(await currentCommit(path, 'refs/heads/main'), await gitIn(work, 'rev-parse', 'HEAD'))
})

test('ensure called many times at once makes one repository', async (t) => {
  const repositories = await receiver(t)
  const paths = await Promise.all(Array.from({ length: 5 }, () => repositories.ensure('7')))
  assert.equal(new Set(paths).size, 1)
  assert.deepEqual(await readdir(dirname(repositories.path('7'))), ['7.git'])
})

test('copyRefs copies branches and tags with what they hold, and from an empty repository nothing', async (t) => {
  const repositories = await receiver(t)
  const [from, to, empty] = await Promise.all(['1', '2', '3'].map((id) => repositories.ensure(id)))
  const work = await workTree(t, { a: '1' })
  await gitIn(work, 'tag', 'v1')
  await gitIn(work, 'push', '--quiet', from ?? '', 'main', 'v1')
  await copyRefs(from ?? '', to ?? '')
  await copyRefs(empty ?? '', to ?? '')
  assert.equal(await gitIn(to ?? '', 'show', 'v1:a'), '1')
  assert.equal(await currentCommit(to ?? '', 'refs/heads/main'), await gitIn(work, 'rev-parse', 'HEAD'))
})

test('path refuses ids that could leave the root', async (t) => {
  const repositories = await receiver(t)
  for (const id of ['', '..', '../x', '/etc', '.x', '-x', 'a/b', 'a\0b', 'x'.repeat(201)])
    assert.throws(() => repositories.path(id), /not a repository id/)
})

test('remove takes the repository away and does not mind when there is none', async (t) => {
  const repositories = await receiver(t)
  await repositories.ensure('7')
  await repositories.remove('7')
  assert.equal(await repositories.exists('7'), false)
  assert.deepEqual(await readdir(dirname(repositories.path('7'))), [])
  await repositories.remove('7')
})

test('sweep removes what killed pushes and removals left, and nothing else', async (t) => {
  const repositories = await receiver(t)
  const path = await repositories.ensure('7')
  const root = dirname(path)
  await mkdir(join(path, 'objects', 'tmp_objdir-incoming-abc', 'pack'), { recursive: true })
  await mkdir(join(root, '.tmp-123', 'objects'), { recursive: true })
  await repositories.sweep()
  assert.deepEqual(await readdir(root), ['7.git'])
  assert.deepEqual((await readdir(join(path, 'objects'))).sort(), ['info', 'pack'])
})

test('sweep does not mind that there is no root yet', async (t) => {
  await (await receiver(t)).sweep()
})

test('a push runs the platform hook and no hook of the repository', async (t) => {
  const repositories = await receiver(t, 'echo from the platform; read old new ref; test "$ref" != refs/heads/bad')
  const path = await repositories.ensure('7')
  await mkdir(join(path, 'hooks'))
  await writeFile(join(path, 'hooks', 'update'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  const work = await workTree(t, { a: '1' })
  await gitIn(work, 'push', '--quiet', path, 'main')
  await assert.rejects(gitIn(work, 'push', path, 'main:bad'), /pre-receive hook declined/)
  assert.equal(await currentCommit(path, 'refs/heads/bad'), undefined)
})

test('a push is kept as one pack and starts no housekeeping', async (t) => {
  const repositories = await receiver(t)
  const path = await repositories.ensure('7')
  await gitIn(await workTree(t, { a: '1', b: '2' }), 'push', '--quiet', path, 'main')
  assert.deepEqual((await readdir(join(path, 'objects'))).sort(), ['info', 'pack'])
})

test('a push larger than the limit is refused', async (t) => {
  const repositories = await receiver(t, 'exit 0', { maxInputSize: 2000 })
  const path = await repositories.ensure('7')
  const noise = Array.from({ length: 9000 }, (_, n) => Math.imul(n, 2654435761).toString(36)).join('')
  await assert.rejects(gitIn(await workTree(t, { noise }), 'push', path, 'main'), /maximum allowed size|unpack/)
  assert.equal(await currentCommit(path, 'refs/heads/main'), undefined)
})

test('a push with a tree that git would trip over is refused', async (t) => {
  const repositories = await receiver(t)
  const path = await repositories.ensure('7')
  const work = await workTree(t, { a: '1' })
  const blob = await gitIn(work, 'rev-parse', 'HEAD:a')
  const tree = Buffer.concat([Buffer.from('100644 ..\0'), Buffer.from(blob, 'hex')])
  await writeFile(join(work, 'tree'), tree)
  const hostile = await gitIn(work, 'hash-object', '-t', 'tree', '-w', '--literally', 'tree')
  const head = await gitIn(work, 'commit-tree', hostile, '-m', 'x')
  await assert.rejects(gitIn(work, 'push', path, `${head}:refs/heads/main`), /hasDotdot/)
})

test('a push from a shallow clone is accepted', async (t) => {
  const repositories = await receiver(t)
  const path = await repositories.ensure('7')
  const work = await workTree(t, { a: '1' })
  await commit(work, { a: '2' })
  const shallow = join(work, 'shallow')
  await gitIn(work, 'clone', '--quiet', '--depth=1', `file://${work}`, shallow)
  await gitIn(shallow, 'push', '--quiet', path, 'main')
  assert.equal(await currentCommit(path, 'refs/heads/main'), await gitIn(work, 'rev-parse', 'HEAD'))
})
