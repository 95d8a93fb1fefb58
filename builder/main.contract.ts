import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { after, describe, test } from 'node:test'
import { docker } from '#lib/docker.ts'
import { run } from '#lib/exec.ts'
import { type Files, writeTree } from './conformance.ts'

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
  const builder = (...words: string[]) => run([process.execPath, main, ...words], { allow: [1] })
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
    const result = await builder(dir, image, '--build-arg', 'WHO=world', '--label', 'a=b', '--no-cache')
    assert.equal(result.exitCode, 0, result.stderr)
    assert.match(
      result.stdout,
      /^-----> Building test-builder-main:test with dockerfile\n(?: {7}.*\n)*=====> test-builder-main:test is sha256:[0-9a-f]{64}\n$/,
    )
    assert.match(result.stdout, /^ {7}hello world$/m)
  })

  test('fails with the instruction and its status', async () => {
    const result = await builder(await tree({ Dockerfile: `FROM ${base}\nRUN echo the reason >&2; exit 3\n` }), image)
    assert.equal(result.exitCode, 1)
    assert.match(result.stdout, /^ {7}the reason$/m)
    assert.equal(result.stderr, ' !     `RUN echo the reason >&2; exit 3` failed with exit status 3\n')
  })

  test('says what is wrong with a tree it cannot build', async () => {
    assert.match((await builder(await tree({}), image)).stderr, /^ ! {5}the tree is empty/)
    assert.match((await builder(await tree({ x: '' }), image)).stderr, /looked for a Dockerfile/)
    assert.match((await builder(await tree({ Dockerfile: '' }), image)).stderr, /Dockerfile.*empty|empty.*Dockerfile/i)
  })

  test('explains itself when called wrongly', async () => {
    assert.match((await builder('.')).stderr, /a directory and an image name are needed/)
    assert.match((await builder('.', image, '--label', 'x')).stderr, /"x" is not of the form NAME=VALUE/)
    assert.match((await builder('--nonsense')).stderr, /--nonsense/)
    assert.match((await builder('--help')).stdout, /--build-arg/)
  })
})
