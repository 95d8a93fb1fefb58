import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { after, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { packTar, type TarEntry } from 'modern-tar'
import { docker } from '#lib/docker.ts'
import { run } from '#lib/exec.ts'
import { extract, type Files, writeTree } from './conformance.ts'
import { tarHeader } from './tar.fixture.ts'

const base = process.env.BUILDER_TEST_BASE ?? 'debian:trixie-slim'
const image = 'test-builder-main:test'
const main = new URL('main.ts', import.meta.url).pathname

describe('builder program', () => {
  const dirs: string[] = []
  const tree = async (files: Files) => {
    const dir = await writeTree(files)
    dirs.push(dir)
    return dir
  }
  const builder = (...words: string[]) => run([process.execPath, main, ...words], { allow: 'any' })
  const builderWith = (input: Uint8Array, ...words: string[]) => run([process.execPath, main, ...words], { allow: 'any', input })
  after(async () => {
    for (const dir of dirs) await rm(dir, { recursive: true, force: true })
    const engine = await docker()
    await engine
      .getImage(image)
      .remove({ force: true })
      .catch(() => {})
  })

  test('builds a directory and prints the image', async () => {
    const dir = await tree({ Dockerfile: `FROM ${base}\nARG WHO\nRUN echo hello $WHO\n` })
    const result = await builder('build', dir, '-t', image, '--build-arg', 'WHO=world', '--label', 'a=b', '--no-cache')
    assert.equal(result.exitCode, 0, result.stderr)
    assert.match(
      result.stdout,
      /^-----> Building test-builder-main:test with dockerfile\n(?: {7}.*\n)*=====> test-builder-main:test is sha256:[0-9a-f]{64}\n$/,
    )
    assert.match(result.stdout, /^ {7}hello world$/m)
  })

  test('builds a tar on standard input, gzipped or not', async () => {
    for (const pack of [(tar: Uint8Array) => tar, (tar: Uint8Array) => gzipSync(tar)]) {
      const said = String(Math.random())
      const tar = await packTar([file('Dockerfile', `FROM ${base}\nCOPY . /app\n`), file('deep/er/said', said), file('.git/config', '')])
      const result = await builderWith(pack(tar), 'build', '-', '-t', image)
      assert.equal(result.exitCode, 0, result.stderr)
      const dir = await extract(await docker(), image, '/app')
      dirs.push(dir)
      assert.deepEqual((await run(['find', dir, '-type', 'f', '-printf', '%P\n'])).stdout.split('\n').sort(), [
        '',
        'Dockerfile',
        'deep/er/said',
      ])
    }
  })

  test('refuses a tar with a path or a link that leads out, with a device, and a bomb', async () => {
    const hostile: [TarEntry, RegExp][] = [
      [file('../out', 'x'), /"\.\.\/out" leads out of it/],
      [file('/etc/out', 'x'), /"\/etc\/out" leads out of it/],
      [{ header: { name: 'link', type: 'symlink', linkname: '../../etc/passwd', size: 0 } }, /the link "link" leads out of it/],
      [{ header: { name: 'link', type: 'symlink', linkname: '/etc/passwd', size: 0 } }, /the link "link" leads out of it/],
      [{ header: { name: 'link', type: 'link', linkname: '/etc/passwd', size: 0 } }, /the link "link" leads out of it/],
      [{ header: { name: 'disk', type: 'block-device', size: 0 } }, /"disk" is a block-device/],
      [{ header: { name: 'null', type: 'character-device', size: 0 } }, /"null" is a character-device/],
      [{ header: { name: 'pipe', type: 'fifo', size: 0 } }, /"pipe" is a fifo/],
    ]
    for (const [entry, says] of hostile) {
      const { exitCode, stderr } = await builderWith(await packTar([file('Dockerfile', 'FROM scratch'), entry]), 'build', '-', '-t', image)
      assert.match(stderr, says)
      assert.equal(exitCode, 2)
    }
    const bomb = Buffer.concat([tarHeader('zeros', 5 * 2 ** 30), await packTar([file('Dockerfile', 'FROM scratch')])])
    assert.match((await builderWith(bomb, 'build', '-', '-t', image)).stderr, /more than 4294967296 bytes/)
    assert.match((await builderWith(Buffer.from('no tar'), 'build', '-', '-t', image)).stderr, /the archive cannot be used/)
  })

  test('gives a build its variables, and keeps them out of the image', async () => {
    const dir = await tree({
      Dockerfile: `FROM ${base}\nRUN --mount=type=secret,id=WORD,required=true grep -c '^it is .ecret$' /run/secrets/WORD\n`,
    })
    const result = await builder('build', dir, '-t', image, '--env', 'WORD=it is $ecret')
    assert.equal(result.exitCode, 0, result.stdout + result.stderr)
    assert.ok(!JSON.stringify(await (await docker()).getImage(image).history()).includes('$ecret'))
    const without = await builder('build', dir, '-t', image, '--no-cache')
    assert.match(without.stderr, /has no secret WORD.*\n ! {5}--env WORD=VALUE gives it\n/)
    assert.match((await builder('build', dir, '--env', 'NOT_SET_ANYWHERE')).stderr, /"NOT_SET_ANYWHERE" is not of the form/)
  })

  test('builds another Dockerfile, up to a stage of it', async () => {
    const dir = await tree({ 'in/My.Dockerfile': `FROM ${base} AS one\nLABEL stage=one\nFROM one\nLABEL stage=two\n` })
    const result = await builder('build', dir, '-t', image, '-f', 'in/My.Dockerfile', '--target', 'one')
    assert.equal(result.exitCode, 0, result.stderr)
    assert.equal((await (await docker()).getImage(image).inspect()).Config.Labels?.stage, 'one')
  })

  test('says who would build a tree', async () => {
    assert.equal((await builder('detect', await tree({ Dockerfile: 'FROM scratch' }))).stdout, 'dockerfile\n')
    const empty = await builder('detect', await tree({}))
    assert.match(empty.stderr, /^ ! {5}the tree is empty/)
    assert.equal(empty.exitCode, 1)
  })

  test('fails with the instruction and its status', async () => {
    const dir = await tree({ Dockerfile: `FROM ${base}\nRUN echo the reason >&2; exit 3\n` })
    const result = await builder('build', dir, '-t', image)
    assert.equal(result.exitCode, 1)
    assert.match(result.stdout, /^ {7}the reason$/m)
    assert.equal(result.stderr, ' !     `RUN echo the reason >&2; exit 3` failed with exit status 3\n')
  })

  test('says what is wrong with a tree it cannot build', async () => {
    assert.match((await builder('build', await tree({}), '-t', image)).stderr, /^ ! {5}the tree is empty/)
    assert.match((await builder('build', await tree({ x: '' }), '-t', image)).stderr, /looked for .*a Dockerfile/)
    assert.match((await builder('build', await tree({ Dockerfile: '' }), '-t', image)).stderr, /Dockerfile.*empty|empty.*Dockerfile/i)
    assert.match((await builder('build', await tree({}), '--driver', 'abacus')).stderr, /there is no builder "abacus"/)
  })

  test('explains itself when called wrongly', async () => {
    for (const [words, says] of [
      [[], /what shall be done\?/],
      [['bild', '.'], /builder knows no bild/],
      [['build'], /one directory is needed/],
      [['build', '-'], /a name for the image is needed: -t IMAGE/],
      [['build', '.', '--label', 'x'], /"x" is not of the form NAME=VALUE/],
      [['build', '--nonsense'], /--nonsense/],
      [['serve', '--at-once', 'many'], /--at-once is a number from 1, not many/],
    ] as const) {
      const { stderr, exitCode } = await builder(...words)
      assert.match(stderr, says)
      assert.equal(exitCode, 64, stderr)
    }
    assert.match((await builder('--help')).stdout, /--build-arg/)
  })
})

function file(name: string, body: string): TarEntry {
  return { header: { name, size: Buffer.byteLength(body), type: 'file' }, body }
}
