import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { after, describe, test } from 'node:test'
import { run } from '#lib/exec.ts'
import { type Files, writeTree } from './conformance.ts'
import { contextPaths, contextTar, readInside } from './context.ts'

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

  test('holds everything, parents first', async () => {
    const dir = await tree({ Dockerfile: '', 'a/b/c': '', z: { link: 'a' } })
    assert.deepEqual(await contextPaths(dir), ['Dockerfile', 'a', 'a/b', 'a/b/c', 'z'])
  })

  test('never loses the Dockerfile', async () => {
    const dir = await tree({ Dockerfile: '', '.dockerignore': '*\nDockerfile\n', other: '' })
    assert.deepEqual(await contextPaths(dir), ['Dockerfile'])
  })

  test('keeps the directories of what was taken back, and no others', async () => {
    const dir = await tree({ '.dockerignore': '*\n!a/b/keep', Dockerfile: '', 'a/b/keep': '', 'a/drop': '', 'c/d/drop': '' })
    assert.deepEqual(await contextPaths(dir), ['Dockerfile', 'a', 'a/b', 'a/b/keep'])
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

  test('becomes a tar owned by root, with odd names and links as they are', async () => {
    const dir = await tree({
      Dockerfile: 'FROM scratch',
      '-e': '',
      'new\nline': '',
      '-C/etc': '',
      outside: { link: '/etc/passwd' },
      run: { text: '', mode: 0o755 },
    })
    const listed = (await list(await contextTar(dir), '--verbose', '--numeric-owner')).split('\n')
    assert(listed.every((line) => line === '' || line.includes(' 0/0 ')))
    assert(listed.some((line) => line.startsWith('l') && line.endsWith('outside -> /etc/passwd')))
    assert(listed.some((line) => line.startsWith('-rwxr-xr-x') && line.endsWith(' run')))
    const names = (await list(await contextTar(dir), '--quoting-style=c')).trim().split('\n')
    assert.deepEqual(
      names.map((name) => JSON.parse(name)).sort(),
      ['-C/', '-C/etc', '-e', 'Dockerfile', 'new\nline', 'outside', 'run'].sort(),
    )
  })

  test('carries another Dockerfile when told to, once', async () => {
    const dir = await tree({ Dockerfile: 'FROM one', a: '' })
    assert.deepEqual((await list(await contextTar(dir, 'FROM two'))).trim().split('\n'), ['a', 'Dockerfile'])
    assert.equal(await list(await contextTar(dir, 'FROM two'), '--extract', '--to-stdout', 'Dockerfile'), 'FROM two')
  })

  test('fails on a tree that is not there', async () => {
    await assert.rejects(contextTar('/no/such/tree'), { code: 'ENOENT' })
  })
})

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

async function list(stream: Readable, ...options: string[]): Promise<string> {
  const mode = options.includes('--extract') ? [] : ['--list']
  return (
    await run(['tar', ...mode, '--file=-', ...options], {
      input: await collect(stream),
      env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
    })
  ).stdout
}
