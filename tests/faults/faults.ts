import { setTimeout as sleep } from 'node:timers/promises'
import { start } from '#lib/exec.ts'
import type { Random } from './random.ts'
import type { Rig } from './rig.ts'

/** Something bad, ready to happen at once. */
export interface Fault {
  /** Does it; resolves once it is done. */
  strike(): Promise<void>
  /** Does what a person would do afterwards, where the engine does not do it by itself. */
  recover?(): Promise<void>
  /** Lets go of what was made ready. */
  over?(): void
}

type Prepare = (rig: Rig, random: Random) => Fault | Promise<Fault>

const control = (rig: Rig) => rig.docker.getContainer(rig.instance.name)
const ignore = () => undefined

/** Does something to one of the app's containers that is there when it strikes. */
const toContainer =
  (act: (rig: Rig, id: string) => Promise<unknown>): Prepare =>
  (rig, random) => {
    const pick = random.int(0, 7)
    return {
      async strike() {
        const label = [`dokku.instance=${rig.instance.name}`, 'com.dokku.container-type=deploy']
        const found = await rig.docker.listContainers({ all: true, filters: { label } })
        const chosen = found.sort((a, b) => a.Created - b.Created)[pick % Math.max(1, found.length)]
        // It may go by itself in the same moment.
        if (chosen !== undefined) await act(rig, chosen.Id).catch(ignore)
      },
    }
  }

/** What may happen anywhere. */
export const faults: Record<string, Prepare> = {
  /** The engine's restart policy brings it back. */
  async daemon(rig) {
    const shell = start(['docker', 'exec', '--interactive', rig.instance.name, 'sh'], { env: environment(rig) })
    shell.stdin.on('error', ignore)
    shell.stderr.resume()
    const ready = new Promise<string>((resolve) => shell.stdout.setEncoding('utf8').once('data', resolve))
    shell.stdin.write(
      'for one in /proc/[0-9]*; do case "$(tr "\\0" " " <$one/cmdline)" in "node "*dokku/main.ts*) pid=${one#/proc/};; esac; done; echo ready $pid\n',
    )
    const [, pid] = /ready (\d+)/.exec(await ready) ?? []
    if (pid === undefined) throw new Error('the daemon was not found')
    const died = control(rig).wait({ condition: 'next-exit' }).catch(ignore)
    return {
      async strike() {
        shell.stdin.write(`kill -9 ${pid}\n`)
        await died
      },
      over: () => void shell.kill('SIGKILL'),
    }
  },
  control: (rig) => ({
    strike: async () => void (await control(rig).kill()),
    recover: async () => void (await control(rig).start()),
  }),
  replace: (rig) => ({
    strike: async () => void (await control(rig).remove({ force: true })),
    recover: () => rig.runAgain(),
  }),
  gateway: (rig) => ({ strike: async () => void (await rig.docker.getContainer(`${rig.instance.name}-ssh`).kill()) }),
  appliance: (rig) => ({ strike: async () => void (await rig.docker.getContainer(`${rig.instance.name}-nginx`).kill()) }),
  'container kill': toContainer((rig, id) => rig.docker.getContainer(id).kill()),
  'container stop': toContainer((rig, id) => rig.docker.getContainer(id).stop({ t: 1 })),
  'container rm': toContainer((rig, id) => rig.docker.getContainer(id).remove({ force: true })),
  'container pause': toContainer(async (rig, id) => {
    const container = rig.docker.getContainer(id)
    await container.pause()
    // Nobody can tell a paused start from a slow one; it would be given a minute.
    await sleep(2000)
    if (/\.upcoming-/.test((await container.inspect()).Name)) await container.unpause()
  }),
  'container rename': toContainer((rig, id) => rig.docker.getContainer(id).rename({ name: `${rig.instance.name}-mine-${id.slice(0, 8)}` })),
}

/** What may happen to an engine of our own. */
export const engineFaults: Record<string, Prepare> = {
  'engine kill': (rig) => ({
    strike: async () => void (await rig.second?.kill()),
    recover: async () => void (await rig.second?.untilAnswers()),
  }),
  'power loss': (rig) => ({
    strike: async () => void (await rig.second?.cutPower()),
    recover: async () => void (await rig.second?.powerUp()),
  }),
}

function environment(rig: Rig): Record<string, string> {
  const host = rig.second === undefined ? {} : { DOCKER_HOST: `tcp://${rig.instance.engine.address}:2375` }
  return { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/root', ...host }
}
