import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { UserError } from '#lib/errors.ts'
import { checkout, submodules } from './checkout.ts'
import { commit, gitIn, receiver, scratch, workTree } from './fixtures.ts'

const withCode = (code: string) => (error: unknown) => error instanceof UserError && error.code === code

/** The git directory and HEAD of a fresh work tree with these files. */
async function source(t: Parameters<typeof workTree>[0], files: Record<string, string>) {
  const work = await workTree(t, files)
  return { work, path: join(work, '.git'), head: await gitIn(work, 'rev-parse', 'HEAD') }
}

test('checkout writes the files of a commit, with modes and odd names', async (t) => {
  const { work, path } = await source(t, { Dockerfile: 'FROM x\n', 'src/a b\n"c".txt': 'odd', 'bin/run': '#!/bin/sh\n' })
  await gitIn(work, 'update-index', '--chmod=+x', 'bin/run')
  await gitIn(work, 'commit', '--quiet', '--message', 'mode')
  const dir = await scratch(t)
  const done = await checkout(path, await gitIn(work, 'rev-parse', 'HEAD'), dir)
  assert.deepEqual((await readdir(dir)).sort(), ['Dockerfile', 'bin', 'src'])
  assert.equal(await readFile(join(dir, 'src/a b\n"c".txt'), 'utf8'), 'odd')
  assert.equal((await stat(join(dir, 'bin/run'))).mode & 0o777, 0o755)
  assert.deepEqual(done, { entries: 5, bytes: 20, submodules: [] })
})

test('checkout keeps links as links and writes nothing through them', async (t) => {
  const target = await scratch(t)
  const { path, head } = await source(t, { 'away/up': '-> ../../..', abs: `-> ${target}`, file: '-> /etc/passwd' })
  const dir = await scratch(t)
  await checkout(path, head, dir)
  assert.equal(await readlink(join(dir, 'abs')), target)
  assert.equal(await readlink(join(dir, 'file')), '/etc/passwd')
  assert.deepEqual(await readdir(target), [])
})

test('checkout reads objects that are still in quarantine', async (t) => {
  const repositories = await receiver(t, 'cp -r "$GIT_QUARANTINE_PATH" kept; exit 1')
  const path = await repositories.ensure('7')
  const { work, head } = await source(t, { a: 'fresh' })
  await assert.rejects(gitIn(work, 'push', path, 'main'), /declined/)
  const dir = await scratch(t)
  await assert.rejects(checkout(path, head, dir))
  await checkout(path, head, dir, { GIT_DIR: '.', GIT_ALTERNATE_OBJECT_DIRECTORIES: join(path, 'kept') })
  assert.equal(await readFile(join(dir, 'a'), 'utf8'), 'fresh')
})

test('checkout refuses an empty tree', async (t) => {
  const { path, head } = await source(t, {})
  await assert.rejects(checkout(path, head, await scratch(t)), withCode('empty-tree'))
})

test('checkout refuses a tag object and says how to push its commit', async (t) => {
  const { work, path } = await source(t, { a: '1' })
  await gitIn(work, 'tag', '--annotate', '--message', 'x', 'v1')
  await assert.rejects(
    checkout(path, await gitIn(work, 'rev-parse', 'v1'), await scratch(t)),
    (error) => withCode('not-a-commit')(error) && (error as UserError).hint === 'git push dokku TAG^{}:main',
  )
})

test('checkout takes object ids only', async (t) => {
  const { path } = await source(t, { a: '1' })
  for (const name of ['main', '--output=/tmp/x', '-h', '']) await assert.rejects(checkout(path, name, '/nonexistent'), /not an object id/)
})

test('checkout refuses more files than allowed and writes none', async (t) => {
  const { path, head } = await source(t, { a: '1', b: '2', 'c/d': '3' })
  const dir = await scratch(t)
  await assert.rejects(checkout(path, head, dir, {}, { maxEntries: 3 }), withCode('tree-too-large'))
  assert.deepEqual(await readdir(dir), [])
  await checkout(path, head, dir, {}, { maxEntries: 4 })
})

test('checkout refuses more bytes than allowed', async (t) => {
  const { path, head } = await source(t, { a: 'x'.repeat(1000) })
  await assert.rejects(checkout(path, head, await scratch(t), {}, { maxBytes: 999 }), withCode('tree-too-large'))
})

test('checkout stops at a tree that describes a billion files', async (t) => {
  const { work, path } = await source(t, { a: '1' })
  let tree = await gitIn(work, 'rev-parse', 'HEAD^{tree}')
  for (let level = 0; level < 10; level++) {
    const raw = Buffer.concat(Array.from({ length: 10 }, (_, n) => Buffer.concat([Buffer.from(`40000 ${n}\0`), Buffer.from(tree, 'hex')])))
    await writeFile(join(work, 'raw'), raw)
    tree = await gitIn(work, 'hash-object', '-t', 'tree', '-w', 'raw')
  }
  const bomb = await gitIn(work, 'commit-tree', tree, '-m', 'bomb')
  await assert.rejects(checkout(path, bomb, await scratch(t), {}, { maxEntries: 5000 }), withCode('tree-too-large'))
})

test('checkout counts what attributes expand', async (t) => {
  const { work, path } = await source(t, { '.gitattributes': '* export-subst\n', a: '$Format:%B$'.repeat(100) })
  await writeFile(join(work, 'message'), 'long '.repeat(40_000))
  await gitIn(work, 'commit', '--quiet', '--allow-empty', '--file', 'message')
  const head = await gitIn(work, 'rev-parse', 'HEAD')
  await assert.rejects(checkout(path, head, await scratch(t), {}, { maxBytes: 10_000 }), withCode('tree-too-large'))
})

test('checkout reports a directory it cannot write to', async (t) => {
  const { path, head } = await source(t, { a: '1' })
  await assert.rejects(checkout(path, head, '/nonexistent'), /tar -x failed .*nonexistent/)
})

test('submodules lists what a push does not carry', async (t) => {
  const { work, path } = await source(t, { a: '1' })
  const inner = await workTree(t, { b: '1' })
  await gitIn(work, 'submodule', '--quiet', 'add', inner, 'vendor/inner')
  const head = await commit(work, {})
  assert.deepEqual(await submodules(path, head), ['vendor/inner'])
  const dir = await scratch(t)
  assert.deepEqual((await checkout(path, head, dir)).submodules, ['vendor/inner'])
  await mkdir(join(dir, 'vendor/inner'), { recursive: true })
  assert.deepEqual(await readdir(join(dir, 'vendor/inner')), [])
})
