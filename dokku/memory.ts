import type { Docker } from '#lib/docker.ts'
import { formatSize } from '#lib/size.ts'

/** What is said of a container of which the kernel killed a process for memory; undefined of one where it did not. */
export async function killedForMemory(engine: Docker, id: string): Promise<string | undefined> {
  const { State: state, HostConfig: host } = await engine.getContainer(id).inspect()
  return state.OOMKilled ? killedAt(host.Memory) : undefined
}

/** The same of one where it did, which may run again or be gone by now. */
export async function killedJustNow(engine: Docker, id: string): Promise<string> {
  const limit = await engine
    .getContainer(id)
    .inspect()
    .then(
      ({ HostConfig: host }) => host.Memory,
      () => undefined,
    )
  return killedAt(limit)
}

function killedAt(limit: number | undefined): string {
  return `was killed for memory${limit ? ` (limit ${formatSize(limit)})` : ''}`
}
