import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { type Files, writeTree } from '../conformance.ts'
import { contextPaths, readInside } from './context.ts'

describe('builder context', () => {
  const dirs: string[] = []
  const tree = async (files: Files) => {
    const dir = await writeTree(files)
    dirs.push(dir)
    return dir
  }
  after(async () => {
    for (const dir of dirs) await rm(dir, { recursive: true, force: true })
  })

  test('holds everything, parents first, in the order of the bytes of each name', async () => {
    const dir = await tree({ Dockerfile: '', 'a/b/c': '', 'a.b': '', z: { link: 'a' }, '\u{ff5e}': '', '\u{1f600}': '' })
    assert.deepEqual(await contextPaths(dir), ['Dockerfile', 'a', 'a/b', 'a/b/c', 'a.b', 'z', '\u{ff5e}', '\u{1f600}'])
  })

  test('keeps the directories of what was taken back, and no others', async () => {
    const dir = await tree({ '.dockerignore': '*\n!a/b/keep', 'a/b/keep': '', 'a/drop': '', 'c/d/drop': '' })
    assert.deepEqual(await contextPaths(dir), ['a', 'a/b', 'a/b/keep'])
  })

  test("prefers the Dockerfile's own list", async () => {
    const dir = await tree({ '.dockerignore': 'a', 'Dockerfile.dockerignore': 'b', Dockerfile: '', a: '', b: '' })
    assert.deepEqual(await contextPaths(dir), ['.dockerignore', 'Dockerfile', 'Dockerfile.dockerignore', 'a'])
  })

  test('reads no file outside the tree', async () => {
    const secret = await tree({ secret: 'secret' })
    const dir = await tree({
      Dockerfile: { link: join(secret, 'secret') },
      up: { link: '..' },
      loop: { link: 'loop' },
      'in/file': 'text',
      ok: { link: 'in/file' },
    })
    assert.equal(await readInside(dir, 'Dockerfile'), undefined)
    assert.equal(await readInside(dir, 'up'), undefined)
    assert.equal(await readInside(dir, 'loop'), undefined)
    assert.equal(await readInside(dir, 'in'), undefined)
    assert.equal(await readInside(dir, 'missing'), undefined)
    assert.equal(await readInside(dir, 'ok'), 'text')
  })

  test('reads no file that nobody wrote by hand', async () => {
    const dir = await tree({ Dockerfile: 'x'.repeat(2 ** 20), 'app.json': 'x'.repeat(2 ** 20 + 1) })
    assert.equal((await readInside(dir, 'Dockerfile'))?.length, 2 ** 20)
    await assert.rejects(readInside(dir, 'app.json'), { code: 'file-too-large', message: 'app.json is larger than 1024 KiB' })
  })

  test('fails on a tree that is not there', async () => {
    await assert.rejects(contextPaths('/no/such/tree'), { code: 'ENOENT' })
  })
})
