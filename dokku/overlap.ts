import { setTimeout as sleep } from 'node:timers/promises'
import type { Container } from 'dockerode'
import { type Docker, hasStatus } from '#lib/docker.ts'
import { label } from './container.ts'

/** On an appliance beside which a newer one can start: both listen on the same ports. */
export const overlapLabel = 'dokku.overlaps'

/** How long a newer appliance may take until it serves; the older one serves meanwhile. */
const patienceMs = 60_000

/** Puts a new appliance in the place of one that runs, which ends when its requests have; on failure the older one goes on. */
export async function overlap(name: string, before: Container, created: Container): Promise<void> {
  try {
    await created.start()
    await untilServing(created)
  } catch (error) {
    await created.remove({ force: true })
    throw error
  }
  await before.rename({ name: `${name}.retiring-${before.id.slice(0, 12)}` })
  await created.rename({ name })
  retire(before)
}

/** Finishes what was begun when control died: a newer appliance gets the name if nobody has it, and older ones end. */
export async function finishOverlap(engine: Docker, name: string, instance: string): Promise<void> {
  const filters = { label: [`${label.instance}=${instance}`], name: [`^/${name}\\.`] }
  for (const { Id: id, Names: names, State: state } of await engine.listContainers({ all: true, filters })) {
    const container = engine.getContainer(id)
    if (names.includes(`/${name}.next`)) {
      const vacant = await engine
        .getContainer(name)
        .inspect()
        .then(() => false, isMissing)
      if (vacant) await container.rename({ name })
      else await container.remove({ force: true })
    } else if (names.some((one) => one.startsWith(`/${name}.retiring-`))) {
      if (state === 'running') retire(container)
      else await container.remove({ force: true })
    }
  }
}

/** What it says on stderr once it has taken over. */
async function untilServing(container: Container): Promise<void> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    const said = (await container.logs({ stdout: true, stderr: true })).toString('utf8')
    if (said.includes('appliance: serving')) return
    if (performance.now() > deadline) throw new Error(`the newer appliance does not serve: ${said.slice(-1000)}`)
    await sleep(100)
  }
}

/** Tells an older appliance to end with its last request, and removes it then; nobody waits for that. */
function retire(container: Container): void {
  const end = async () => {
    await container.update({ RestartPolicy: { Name: 'no' } })
    await container.kill({ signal: 'SIGQUIT' })
    await container.wait()
    await container.remove({ force: true })
  }
  // One that is gone has ended, and what cannot be removed now is when control starts next.
  void end().catch(() => undefined)
}

function isMissing(error: unknown): true {
  if (hasStatus(error, 404)) return true
  throw error
}
