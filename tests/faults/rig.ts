import Docker from 'dockerode'
import { type Instance, runByHand, startInstance, untilHealthy } from '../e2e/harness/instance.ts'
import { type Repo, repo } from '../e2e/harness/repo.ts'
import { type SecondEngine, secondEngine } from '../e2e/harness/second-engine.ts'
import { imageOf, sourceOf } from './sample-app.ts'
import { followSteps, type Steps } from './steps.ts'

/** What a run needs: an instance whose engine is seen and hurt directly, and something to deploy. */
export interface Rig {
  readonly instance: Instance
  /** A second engine, where the engine itself may be hurt. */
  readonly second: SecondEngine | undefined
  readonly docker: Docker
  readonly steps: Steps
  /** References of two images. */
  readonly images: readonly [string, string]
  readonly source: Repo
  /** Remembers what never changes. */
  once(key: string, find: () => Promise<string>): Promise<string>
  untilHealthy(): Promise<void>
  /** The README's `docker run` line again. */
  runAgain(): Promise<void>
  remove(): Promise<void>
}

/** Starts an instance for faults on the host's engine, or on a second one. */
export async function startRig(kind: 'host' | 'second'): Promise<Rig> {
  const second = kind === 'second' ? await secondEngine(process.env.DOKKU_ENGINE_IMAGE ?? '', { survives: true }) : undefined
  const image = process.env.DOKKU_IMAGE ?? ''
  try {
    if (second !== undefined) await second.load(image, 'debian:trixie-slim')
    const instance = await startInstance({ suffix: `faults-${kind}`, image, ...(second === undefined ? {} : { engine: second.engine }) })
    const { engine, name } = instance
    const source = await repo(sourceOf('pushed'))
    const docker = second === undefined ? new Docker() : new Docker({ host: engine.address, port: 2375 })
    const steps = followSteps(docker, name)
    const images = [`${name}/fixture:one`, `${name}/fixture:two`] as const
    for (const tag of images) await engine.build(tag, imageOf(tag.split(':').at(-1) ?? ''), name)
    const known = new Map<string, string>()
    return {
      instance,
      second,
      docker,
      steps,
      images,
      source,
      async once(key, find) {
        const value = known.get(key) ?? (await find())
        known.set(key, value)
        return value
      },
      untilHealthy: () => untilHealthy(engine, name),
      runAgain: () => runByHand({ name, image, engine, env: instance.env, dir: instance.dir }),
      async remove() {
        steps.close()
        await instance.remove().catch(() => undefined)
        await second?.remove(name)
        await source.remove()
      },
    }
  } catch (error) {
    await second?.remove()
    throw error
  }
}
