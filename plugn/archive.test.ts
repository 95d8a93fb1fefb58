import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { packTar } from 'modern-tar'
import { UserError } from '#lib/errors.ts'
import { unpack } from '#lib/unpack.ts'
import { hoist } from './archive.ts'

type Entry = Parameters<typeof packTar>[0] extends readonly (infer E)[] ? E : never
type Header = Extract<Entry, { header: unknown }>['header']

const folder = await mkdtemp(join(tmpdir(), 'archive-'))
after(() => rm(folder, { recursive: true }))

/** Unpacks an archive of these entries; answers where. */
async function unpacked(entries: { header: Header; body?: string }[], limits?: { bytes: number; entries: number }): Promise<string> {
  const dir = await mkdtemp(join(folder, 'to-'))
  await unpack(Readable.from([gzipSync(await packTar(entries))]), dir, limits)
  return dir
}

const file = (name: string, body = '', mode = 0o644) => ({ header: { name, size: body.length, mode, type: 'file' as const }, body })
const link = (name: string, linkname: string, type: 'symlink' | 'link' = 'symlink') => ({ header: { name, linkname, size: 0, type } })

test('an archive with one folder is what that folder holds, dotfiles and links within too', async () => {
  const dir = await unpacked([
    file('greet-1.0/plugin.toml', 'x'),
    file('greet-1.0/.hidden', 'y'),
    file('greet-1.0/run', '#!', 0o4777),
    link('greet-1.0/also', 'run'),
  ])
  await hoist(dir)
  assert.deepEqual((await readdir(dir)).sort(), ['.hidden', 'also', 'plugin.toml', 'run'])
  assert.equal(await readFile(join(dir, 'also'), 'utf8'), '#!')
  assert.equal((await stat(join(dir, 'run'))).mode & 0o7777, 0o755)
})

test('an entry that would lie outside, or is no file, is refused', async () => {
  const device = { header: { name: 'null', size: 0, type: 'character-device' as const } }
  for (const entries of [
    [file('../x')],
    [file('a/../../x')],
    [file('/etc/x')],
    [link('x', '/etc/passwd')],
    [link('a/x', '../../x')],
    [link('x', '../x', 'link')],
    [device],
  ])
    await assert.rejects(unpacked(entries), { code: 'bad-archive' }, JSON.stringify(entries))
})

test('an archive that is too large, has too many entries, or is none, is refused', async () => {
  await assert.rejects(unpacked([file('x', 'x'.repeat(5000))], { bytes: 4096, entries: 10 }), { code: 'bad-archive' })
  await assert.rejects(unpacked([file('x'), file('y'), file('z')], { bytes: 1e6, entries: 2 }), { code: 'bad-archive' })
  const half = gzipSync((await packTar([file('x', 'x'.repeat(5000))])).subarray(0, 2000))
  await assert.rejects(unpack(Readable.from([half]), await mkdtemp(join(folder, 'to-'))), { code: 'bad-archive' })
  await assert.rejects(unpack(Readable.from(['no archive']), await mkdtemp(join(folder, 'to-'))), { code: 'bad-archive' })
})

test('links that stay inside each, and lead out together, are refused', async () => {
  const chain = [link('p/q/x', '../..'), link('p/q/y', 'x/../etc')]
  await assert.rejects(unpacked(chain), { code: 'bad-archive', message: /p\/q\/y/ })
  assert.deepEqual(await readdir(join(await unpacked([file('p/q/z'), link('p/q/x', '../..')]), 'p/q/x')), ['p'])
})

test('a folder of git’s in an archive is left out', async () => {
  assert.deepEqual(await readdir(await unpacked([file('.git/config', '[core]'), file('a/.git/hooks/x'), file('plugin.toml')])), [
    'plugin.toml',
  ])
})

test('of any damaged or hostile archive nothing is unpacked but files, folders and links that stay inside', async () => {
  const name = fc
    .array(fc.constantFrom('a', 'b', '..', '.', '', '.git', 'c'), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('/'))
  const entry = fc.record({
    header: fc.record({
      name,
      linkname: name,
      size: fc.constant(1),
      mode: fc.nat({ max: 0o7777 }),
      type: fc.constantFrom('file', 'directory', 'symlink', 'link', 'fifo', 'character-device'),
    }),
  })
  const flips = fc.array(fc.tuple(fc.nat({ max: 2000 }), fc.nat({ max: 255 })), { maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 6 }), flips, async (entries, damage) => {
      const withSizes = entries.map(({ header }) =>
        header.type === 'file' ? { header, body: 'x' } : { header: { ...header, size: 0 } },
      ) as Parameters<typeof packTar>[0]
      const tar = await packTar(withSizes).catch(() => new Uint8Array(1024))
      for (const [at, byte] of damage) if (at < tar.length) tar[at] = byte
      const parent = await mkdtemp(join(folder, 'any-'))
      const dir = join(parent, 'to')
      await mkdir(dir)
      await unpack(Readable.from([gzipSync(tar)]), dir).catch((error: unknown) => assert.ok(error instanceof UserError, String(error)))
      assert.deepEqual(await readdir(parent), ['to'])
      for (const one of await readdir(dir, { recursive: true, withFileTypes: true })) {
        assert.ok(one.isFile() || one.isDirectory() || one.isSymbolicLink(), one.name)
        const target = resolve(one.parentPath, one.isSymbolicLink() ? await readlink(join(one.parentPath, one.name)) : one.name)
        assert.ok(target === dir || target.startsWith(`${dir}/`), target)
      }
      await rm(parent, { recursive: true })
    }),
    { numRuns: 150 },
  )
})
