import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { type Docker, docker } from '#lib/docker.ts'
import { recorder, writeTree } from './conformance.ts'
import type { BuildLimits } from './driver.ts'
import { dockerfile } from './drivers/dockerfile.ts'
import { prepareLimits } from './limits.ts'

const base = process.env.BUILDER_TEST_BASE ?? 'debian:trixie-slim'
const name = 'h-builder-limits'
const memory = 64 * 1024 * 1024

// On Engine 20.10 the caps hold for all builds of the engine, so they stand for this one test only.
describe('builder limits', () => {
  let engine: Docker
  let limits: BuildLimits
  let dir: string

  before(async () => {
    engine = await docker()
    // Pulled in before the caps, so that only the bomb is measured against them.
    dir = await writeTree({
      Dockerfile: `FROM ${base}\nARG ONCE\nRUN true; tail /dev/zero; status=$?; echo "tail ended with $status"; exit $status\n`,
    })
    limits = await prepareLimits(engine, { image: base, memory, cpus: 0.5, name })
  })
  after(async () => {
    await prepareLimits(engine, { image: base, memory: 0, cpus: 0, name })
    await rm(dir, { recursive: true, force: true })
  })

  test('a build over the memory cap is killed, and says so and how to raise it', async () => {
    const said = recorder()
    const building = dockerfile.build(
      { source: { dir }, image: `${name}:bomb`, labels: {}, buildArgs: { ONCE: randomUUID() }, output: said.output, limits },
      engine,
    )
    await assert.rejects(building, { code: 'build-out-of-memory', message: /RUN true.* was killed.*64 MiB/, hint: /DOKKU_BUILD_MEMORY/ })
    assert.match(said.lines().join(''), /tail ended with 137/)
  })

  test('the caps leave no container behind', async () => {
    const left = await engine.listContainers({ all: true, filters: { label: [`dokku.instance=${name}`] } })
    assert.deepEqual(left, [])
  })
})
