import type { Docker } from '#lib/docker.ts'
import { ask, type Instance } from '../../tests/e2e/harness.ts'
import { timed } from './stats.ts'

/** Milliseconds that containers of an image take, side by side, through the engine's API and without dokku: create, start, first 200. */
export async function bootAlone(engine: Docker, instance: Instance, image: string, count = 1): Promise<number> {
  await untilRetired(engine, instance)
  const names = Array.from({ length: count }, (_, n) => `${instance.name}-alone-${n}`)
  const boot = async (name: string) => {
    const container = await engine.createContainer({
      name,
      Image: image,
      Env: ['PORT=5000'],
      Labels: { 'dokku.instance': instance.name },
      HostConfig: { Init: true, SecurityOpt: ['no-new-privileges'] },
    })
    await container.start()
    const { NetworkSettings: settings } = await container.inspect()
    const address = Object.values(settings.Networks)[0]?.IPAddress ?? ''
    await untilAnswer(async () => (await ask({ address, port: 5000, host: 'alone' })).status === 200)
  }
  try {
    return await timed(() => Promise.all(names.map(boot)))
  } finally {
    await Promise.all(names.map((name) => engine.getContainer(name).remove({ force: true })))
  }
}

/** Resolves when no old container of the instance is being stopped: what one round began must not slow down the next. */
export async function untilRetired(engine: Docker, instance: Instance): Promise<void> {
  const filters = { label: [`dokku.instance=${instance.name}`], name: ['.retiring-'] }
  await untilAnswer(async () => (await engine.listContainers({ all: true, filters })).length === 0)
}

/** Asks every few milliseconds until the answer is right. */
export async function untilAnswer(right: () => Promise<boolean>, seconds = 60): Promise<void> {
  const deadline = performance.now() + seconds * 1000
  while (!(await right().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`not the right answer within ${seconds} s`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
