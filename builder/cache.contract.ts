import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { type Docker, docker } from '#lib/docker.ts'
import { listCache, pruneCache } from './cache.ts'
import { recorder, writeTree } from './conformance.ts'
import { dockerfile } from './drivers/dockerfile.ts'

const base = process.env.BUILDER_TEST_BASE ?? 'debian:trixie-slim'
const prefix = `test-builder-cache:${process.pid}`

describe('builder cache', () => {
  let engine: Docker
  const dirs: string[] = []
  const images: string[] = []

  before(async () => {
    engine = await docker()
  })
  after(async () => {
    for (const dir of dirs) await rm(dir, { recursive: true, force: true })
    for (const image of images)
      await engine
        .getImage(image)
        .remove({ force: true })
        .catch(() => {})
  })

  /** Builds two steps that were never built before; answers their records. */
  async function build(name: string): Promise<string[]> {
    const token = randomUUID()
    const dir = await writeTree({ Dockerfile: `FROM ${base}\nRUN echo ${token} > /one\nRUN cat /one && echo ${token} > /two\n` })
    const earlier = new Set((await listCache(engine)).map(({ id }) => id))
    dirs.push(dir)
    const image = `${prefix}-${name}`
    images.push(image)
    await dockerfile.build({ source: { dir }, image, labels: {}, output: recorder().output }, engine)
    // Other builds may go on beside the test.
    const steps = await listSteps(token)
    const fresh = (await listCache(engine)).filter(({ id }) => !earlier.has(id)).map(({ id }) => id)
    assert.equal(steps.length, 2)
    assert(steps.every((id) => fresh.includes(id)))
    return steps
  }

  /** Ids of the records whose description holds a word, as the engine's own report has them. */
  async function listSteps(word: string): Promise<string[]> {
    const { BuildCache } = (await engine.df()) as { BuildCache: { ID: string; Description: string }[] }
    return BuildCache.filter(({ Description }) => Description.includes(word)).map(({ ID }) => ID)
  }

  test('pruneCache removes the records it is given and none of another build', async () => {
    const [ours, foreign] = [await build('ours'), await build('foreign')]
    // As long as an image has them, its layers are no part of the cache's size.
    const shared = (await listCache(engine)).filter(({ id }) => ours.includes(id))
    assert.deepEqual(
      shared.map((record) => record.shared),
      [true, true],
    )
    await engine.getImage(`${prefix}-ours`).remove({ force: true })
    const freed = await pruneCache(engine, ours)
    const left = (await listCache(engine)).map(({ id }) => id)
    assert.deepEqual(
      ours.filter((id) => left.includes(id)),
      [],
    )
    assert(freed > 0)
    assert(foreign.every((id) => left.includes(id)))
    await pruneCache(engine, foreign)
  })

  test('pruneCache keeps a record that another one lies on', async () => {
    const steps = await build('stacked')
    const records = (await listCache(engine)).filter(({ id }) => steps.includes(id))
    const lower = records.find(({ id }) => records.some((other) => other.parents.includes(id)))
    assert(lower !== undefined, 'neither of the two steps lies on the other')
    await pruneCache(engine, [lower.id])
    assert((await listCache(engine)).some(({ id }) => id === lower.id))
    await pruneCache(engine, steps)
  })

  test('pruneCache removes nothing when it is given nothing, and takes ids only', async () => {
    const steps = await build('untouched')
    assert.equal(await pruneCache(engine, []), 0)
    await assert.rejects(pruneCache(engine, ['abc,type==regular']), /not the id of a cache record/)
    const left = (await listCache(engine)).map(({ id }) => id)
    assert(steps.every((id) => left.includes(id)))
    await pruneCache(engine, steps)
  })
})
