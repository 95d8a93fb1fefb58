import { type Instance, ok, secondEngine, startInstance, untilHealthy } from '../../tests/e2e/harness.ts'
import { untilAnswer } from './alone.ts'
import { idleCpu } from './idle-cpu.ts'
import { heldMemory } from './memory.ts'
import { slowestReport } from './reports.ts'
import { silentDoor } from './silent-door.ts'
import { inTurn, timed } from './stats.ts'
import { tinyImage } from './tiny.ts'

/** What an instance with this many apps costs; times are milliseconds, memory is MB. */
export interface Size {
  apps: number
  list: number
  ssh: number
  deploy: number
  /** From the kill of control until it is healthy and knows every app to be as it should be. */
  restart: number
  memory: number
  /** Percent of a core that control takes while nobody asks for anything. */
  cpu: number
  /** Of all lists and reports, the one that takes longest beside a login alone. */
  report: { name: string; ms: number; ssh: number }
}

/** An instance that was filled with apps, on an engine of its own. */
export interface Crowd {
  readonly sizes: readonly Size[]
  /** Restarts the engine; milliseconds from its start until it answers, having started containers by itself, and until every app does. */
  restartEngine(): Promise<{ engine: number; apps: number }>
  remove(): Promise<void>
}

/** Fills an instance in steps, and measures it at each of them. */
export async function crowd(sizes: readonly number[], rounds: (usual: number) => number): Promise<Crowd> {
  const second = await secondEngine(process.env.DOKKU_ENGINE_IMAGE ?? '')
  try {
    const image = process.env.DOKKU_IMAGE ?? ''
    const tiny = await tinyImage()
    await second.load(image, tiny)
    const instance = await startInstance({ suffix: 'crowd', engine: second.engine, image })
    const silent = await silentDoor(instance)
    const measured: Size[] = []
    for (const apps of sizes) {
      await fill(instance, tiny, (measured.at(-1)?.apps ?? 0) + 1, apps)
      measured.push({ apps, ...(await measure(instance, silent, rounds)) })
      process.stdout.write(`       ${JSON.stringify(measured.at(-1))}\n`)
    }
    return {
      sizes: measured,
      async restartEngine() {
        const started = (await second.restart()).getTime()
        const engine = Date.now() - started
        await allAnswer(instance, sizes.at(-1) ?? 0)
        return { engine, apps: Date.now() - started }
      },
      remove: () => second.remove(instance.name),
    }
  } catch (error) {
    await second.remove()
    throw error
  }
}

/** Deploys the apps from one number to another, a few at once. */
async function fill(instance: Instance, image: string, from: number, to: number): Promise<void> {
  let next = from
  const deployer = async () => {
    while (next <= to) ok(await instance.admin(['git:from-image', `app-${next++}`, image]))
  }
  await Promise.all([deployer(), deployer(), deployer()])
  await allAnswer(instance, to)
}

async function measure(instance: Instance, silent: () => Promise<number>, rounds: (usual: number) => number): Promise<Omit<Size, 'apps'>> {
  let n = 0
  const { ssh, list, deploy } = await inTurn(rounds(9), {
    ssh: silent,
    list: () => timed(async () => ok(await instance.ssh('apps:list'))),
    deploy: () => timed(async () => ok(await instance.ssh('config:set', 'app-1', `ROUND=${++n} of ${process.hrtime.bigint()}`))),
  })
  const report = await slowestReport(instance, silent, rounds(3))
  const memory = await heldMemory(instance, instance.name)
  const cpu = await idleCpu(instance, instance.name)
  const { restart } = await inTurn(rounds(3), { restart: () => restartControl(instance) })
  return { ssh, list, deploy, restart, memory, cpu, report }
}

/** Kills control and starts it again; milliseconds until it is healthy and has looked after every app. */
async function restartControl({ engine, name }: Instance): Promise<number> {
  const begun = Date.now()
  ok(await engine.docker(['kill', name]))
  ok(await engine.docker(['start', name]))
  await untilHealthy(engine, name)
  const healthy = Date.now()
  let settled = 0
  await untilAnswer(async () => {
    const said = ok(await engine.docker(['logs', '--since', new Date(begun).toISOString(), name]))
    settled = Number(/"time":(\d+),.*every app is as it should be/.exec(said)?.[1] ?? 0)
    return settled > begun
  }, 120)
  return Math.max(healthy, settled) - begun
}

/** Resolves once each of that many apps has answered through the appliance. */
async function allAnswer(instance: Instance, apps: number): Promise<void> {
  const waiting = new Set(Array.from({ length: apps }, (_, n) => `app-${n + 1}`))
  await untilAnswer(async () => {
    for (const app of waiting) {
      if ((await instance.fetch(app, '/', { timeoutMs: 2_000 })).status !== 200) return false
      waiting.delete(app)
    }
    return true
  }, 600)
}
