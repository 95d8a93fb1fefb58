import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { packTar } from 'modern-tar'
import { currentCommit, repositories } from '#gitreceive'
import { archiveLimits } from '#lib/archive.ts'
import { git } from '#lib/git.ts'
import { type ArchiveType, commitArchive } from './archive-commit.ts'
import { createApp } from './create.ts'
import { stateOnly } from './fixtures.ts'
import { moveBranch } from './git-deploy.ts'
import { zipOf } from './zip.fixture.ts'

const folder = await mkdtemp(join(tmpdir(), 'archive-commit-'))
after(() => rm(folder, { recursive: true }))
const all = repositories(join(folder, 'repositories'), { hooksPath: join(folder, 'hooks') })
const instance = stateOnly({}, { repositories: all })
Object.assign(instance.settings, { dataDir: folder })
const app = await createApp(instance, 'shop')
const own = all.path(String(app.id))

interface Made {
  name: string
  body?: string
  mode?: number
  type?: 'symlink' | 'link' | 'directory' | 'fifo' | 'character-device'
  linkname?: string
}

const tar = async (...entries: Made[]) =>
  Buffer.from(
    await packTar(
      entries.map(({ name, body = '', mode = 0o644, type, linkname }) => ({
        header: { name, size: body.length, mode, ...(type && { type }), ...(linkname && { linkname }) },
        body,
      })),
    ),
  )
const author = { name: 'ada', email: 'ada@example.com' }

async function commit(archive: Buffer, limits = archiveLimits, type?: ArchiveType): Promise<string> {
  // In pieces, as it comes over the network.
  const pieces = archive.length < 100_000 ? [archive.subarray(0, 700), archive.subarray(700)] : [archive]
  return await commitArchive(app, Readable.from(pieces.filter(({ length }) => length > 0)), { type, limits, message: 'Archive', author })
}

/** What a commit holds, a line each: mode, path, content. */
async function contents(id: string): Promise<string[]> {
  const { stdout } = await git(['--git-dir', own, 'ls-tree', '-r', '-z', id])
  const lines = stdout.split('\0').filter((line) => line !== '')
  return await Promise.all(
    lines.map(async (line) => {
      const [, mode, blob = '', path] = /^(\d+) blob ([0-9a-f]+)\t(.*)$/s.exec(line) ?? []
      return `${mode} ${path} ${(await git(['--git-dir', own, 'cat-file', 'blob', blob])).stdout}`
    }),
  )
}

const files = [
  { name: 'app/Procfile', body: 'web: run' },
  { name: 'app/run', body: '#!/bin/sh', mode: 0o4755 },
  { name: 'app/a "b"\né', body: 'x' },
]
const wanted = ['100644 Procfile web: run', '100644 a "b"\né x', '100755 run #!/bin/sh']

test('an archive of each type becomes a commit of what its only folder holds', async () => {
  for (const archive of [await tar(...files), gzipSync(await tar(...files)), zipOf(...files)])
    assert.deepEqual(await contents(await commit(archive)), wanted)
  assert.deepEqual(await contents(await commit(zipOf(...files), archiveLimits, 'zip')), wanted)
})

test('an archive of several things keeps them where they are, hard links and links within too', async () => {
  const id = await commit(
    await tar(
      { name: './src/', type: 'directory' },
      { name: './src/a', body: 'A' },
      { name: './b', type: 'link', linkname: './src/a' },
      { name: './c', type: 'symlink', linkname: 'src/a' },
    ),
  )
  assert.deepEqual(await contents(id), ['100644 b A', '120000 c src/a', '100644 src/a A'])
  const zip = await commit(zipOf({ name: 'src/', body: '' }, { name: 'src/a', body: 'A' }, { name: 'c', body: 'src/a', mode: 0o120777 }))
  assert.deepEqual(await contents(zip), ['120000 c src/a', '100644 src/a A'])
})

test('the commit says who made it, and follows what the app has', async () => {
  const before = await commit(await tar({ name: 'a', body: '1' }))
  await moveBranch(app, before)
  const after = await commit(await tar({ name: 'a', body: '2' }))
  const { stdout } = await git(['--git-dir', own, 'log', '--format=%an <%ae> %s %P', '-1', after])
  assert.equal(stdout.trim(), `ada <ada@example.com> Archive ${before}`)
  assert.equal(await currentCommit(own, 'refs/heads/main'), before)
})

const hostile: Record<string, Made> = {
  'a path that climbs': { name: '../x' },
  'a path that climbs later': { name: 'a/../../x' },
  'an absolute path': { name: '/etc/x' },
  'an absolute link': { name: 'x', type: 'symlink', linkname: '/etc/passwd' },
  'a link that climbs': { name: 'a/x', type: 'symlink', linkname: '../../x' },
  'a hard link out of it': { name: 'x', type: 'link', linkname: '../x' },
  'a hard link to an absolute path': { name: 'x', type: 'link', linkname: '/etc/passwd' },
  'a hard link to what is not in it': { name: 'x', type: 'link', linkname: 'nowhere' },
  'a device': { name: 'x', type: 'character-device' },
  'a pipe': { name: 'x', type: 'fifo' },
  'a file in place of its folder': { name: '.', body: 'x' },
}
for (const [what, entry] of Object.entries(hostile))
  test(`a tar with ${what} is refused`, async () => {
    await assert.rejects(commit(await tar({ name: 'a', body: 'x' }, { name: 'b', body: 'y' }, entry)), { code: 'bad-archive' })
  })

test('a zip with a path or link that leads out of it, or a device, is refused', async () => {
  for (const entry of [
    { name: '../x', body: '' },
    { name: '/x', body: '' },
    { name: 'a\\..\\..\\x', body: '' },
    { name: 'x', body: '/etc/passwd', mode: 0o120777 },
    { name: 'x', body: '../y', mode: 0o120777 },
    { name: 'x', body: '', mode: 0o020644 },
  ])
    await assert.rejects(commit(zipOf({ name: 'a', body: 'x' }, entry)), { code: 'bad-archive' }, entry.name)
})

test('a file below a link, or in place of a folder, replaces it and goes nowhere else', async () => {
  const id = await commit(
    await tar(
      { name: 'a', body: 'x' },
      { name: 'link', type: 'symlink', linkname: 'a' },
      { name: 'link/b', body: 'y' },
      { name: 'a/c', body: 'z' },
    ),
  )
  assert.deepEqual(await contents(id), ['100644 a/c z', '100644 link/b y'])
})

test('settings of git in an archive are left out, whatever their case', async () => {
  const id = await commit(
    await tar({ name: 'a', body: 'x' }, { name: '.git/hooks/post-checkout', body: 'x' }, { name: 'sub/.GIT/config', body: 'x' }),
  )
  assert.deepEqual(await contents(id), ['100644 a x'])
})

test('an archive of more entries or bytes than allowed is refused, also when little of it says so', async () => {
  const many = await tar(...Array.from({ length: 11 }, (_, at) => ({ name: `f${at}`, body: '' })))
  const bomb = gzipSync(await tar({ name: 'zeros', body: '\0'.repeat(3_000_000) }))
  const limits = { bytes: 1_000_000, entries: 10 }
  for (const archive of [many, bomb, zipOf({ name: 'zeros', body: '\0'.repeat(3_000_000) })])
    await assert.rejects(commit(archive, limits), { code: 'bad-archive', message: /holds more than/ })
})

test('a zip that lies about the size of what it holds is refused', async () => {
  const zip = zipOf({ name: 'zeros', body: '\0'.repeat(3_000_000) })
  const lie = Buffer.from(zip)
  for (let at = lie.indexOf('PK\x01\x02'); at >= 0; at = lie.indexOf('PK\x01\x02', at + 4)) lie.writeUInt32LE(10, at + 24)
  await assert.rejects(commit(lie, { bytes: 1_000_000, entries: 10 }), { code: 'bad-archive' })
})

test('what is no archive, is empty or ends in the middle is refused', async () => {
  const whole = await tar(...files)
  for (const archive of [
    Buffer.alloc(0),
    Buffer.from('x'),
    Buffer.from('no archive'.repeat(100)),
    whole.subarray(0, 1030),
    gzipSync(whole).subarray(0, 60),
    zipOf(...files).subarray(0, 100),
  ])
    await assert.rejects(commit(archive), { code: 'bad-archive' })
  await assert.rejects(commit(await tar({ name: 'only/', type: 'directory' })), { code: 'bad-archive', message: /holds no file/ })
})

test('a large file goes through whole', async () => {
  const body = 'x'.repeat(20_000_000)
  const [line] = await contents(await commit(gzipSync(await tar({ name: 'large', body }))))
  assert.equal(line, `100644 large ${body}`)
})

test('an archive leaves nothing beside its commit', async () => {
  await commit(await tar({ name: 'a', type: 'fifo' })).catch(() => undefined)
  assert.deepEqual(await readdir(join(folder, 'builds')), [])
})
