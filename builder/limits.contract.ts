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
const name = 'test-builder-limits'
// Should the caps not hold, the bomb meets its own limit of 2 GiB, and the test fails instead of the machine.
const memory = 512 * 2 ** 20

// On Engine 20.10 the caps hold for all builds of the engine, so they stand for this one test only, and those that were
// there before are put back.
describe('builder limits', () => {
  let engine: Docker
  let limits: BuildLimits
  let dir: string
  let earlier: { memory: number; cpus: number }

  before(async () => {
    engine = await docker()
    dir = await writeTree({
      Dockerfile: `FROM ${base}\nARG ONCE\nRUN true; ulimit -v 2097152; tail /dev/zero; status=$?; echo "tail ended with $status"; exit $status\n`,
    })
    earlier = await caps(engine)
    limits = await prepareLimits(engine, { image: base, memory, cpus: 0.5, name })
  })
  after(async () => {
    await prepareLimits(engine, { image: base, ...earlier, name })
    await rm(dir, { recursive: true, force: true })
  })

  test('a build over the memory cap is killed, and says so and how to raise it', async () => {
    const said = recorder()
    const building = dockerfile.build(
      {
        source: { dir },
        image: `${name}:bomb`,
        labels: {},
        buildArgs: { ONCE: randomUUID() },
        output: said.output,
        limits,
        advice: { memory: 'MORE', secret: () => '' },
      },
      engine,
    )
    await assert.rejects(building, { code: 'build-out-of-memory', message: /RUN true.* was killed.*512 MiB/, hint: 'MORE' })
    assert.match(said.lines().join(''), /tail ended with 137/)
  })

  test('the caps leave no container behind', async () => {
    const left = await engine.listContainers({ all: true, filters: { label: [`dokku.instance=${name}`] } })
    assert.deepEqual(left, [])
  })
})

/** The caps of an Engine 20.10 on cgroup version 1 as they stand; 0 is none, as is everything elsewhere. */
async function caps(engine: Docker): Promise<{ memory: number; cpus: number }> {
  const files = ['/cg/memory/docker/buildkit/memory.limit_in_bytes', '/cg/cpu/docker/buildkit/cpu.cfs_quota_us']
  const container = await engine.createContainer({
    Image: base,
    Entrypoint: ['sh', '-c', 'for f in "$@"; do cat "$f" 2>/dev/null || echo -1; done', 'sh', ...files],
    HostConfig: { Binds: ['/sys/fs/cgroup:/cg:ro'], NetworkMode: 'none' },
    Tty: true,
  })
  try {
    await container.start()
    await container.wait()
    const [memory = -1, quota = -1] = (await container.logs({ stdout: true })).toString('utf8').split('\n').map(Number)
    // The kernel writes "no limit" as the greatest number of pages.
    return { memory: memory > 0 && memory < 2 ** 62 ? memory : 0, cpus: quota > 0 ? quota / 100_000 : 0 }
  } finally {
    await container.remove({ force: true })
  }
}
