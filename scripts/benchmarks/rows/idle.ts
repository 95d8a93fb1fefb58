import { docker } from '#lib/docker.ts'
import { engine, ok } from '../../../tests/e2e/harness.ts'
import { untilRetired } from '../alone.ts'
import type { Lab } from '../lab.ts'
import { heldMemory } from '../memory.ts'
import { atMost, type Row } from '../row.ts'

/** What an instance costs while nothing happens. */
export const controlMemory: Row = {
  name: 'memory',
  what: 'idle memory of control',
  bar: atMost(110, 'MB'),
  gated: true,
  how: 'of its cgroup, without page cache, after the rows above: 100 apps, and dozens of pushes, deploys and restarts',
  async measure(lab) {
    const [control = Number.NaN] = await held(lab, (name) => [name])
    return { value: control, said: '' }
  },
}

export const doorsMemory: Row = {
  name: 'memory-doors',
  what: 'idle memory of gateway and appliance',
  bar: atMost(70, 'MB'),
  gated: true,
  how: 'the same of both, together',
  async measure(lab) {
    const [gateway = Number.NaN, appliance = Number.NaN] = await held(lab, (name) => [`${name}-ssh`, `${name}-nginx`])
    return { value: gateway + appliance, said: `${gateway.toFixed(0)} + ${appliance.toFixed(0)} MB` }
  },
}

async function held(lab: Lab, containers: (name: string) => string[]): Promise<number[]> {
  const instance = await lab.instance()
  await untilRetired(await docker(), instance)
  return await Promise.all(containers(instance.name).map((container) => heldMemory(instance, container)))
}

/** What has to be pulled and kept. */
export const imageSize: Row = {
  name: 'image',
  what: 'one image for all roles, Docker CLI for plugins included',
  bar: atMost(420, 'MB'),
  gated: false,
  how: "the engine's size of the image",
  async measure() {
    const bytes = ok(await engine().docker(['image', 'inspect', '--format', '{{.Size}}', process.env.DOKKU_IMAGE ?? '']))
    return { value: Number(bytes) / 1e6, said: '' }
  },
}
