import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { ContainerInspectInfo } from 'dockerode'
import type { Docker } from './docker.ts'

/** The container that this program runs in, found by the files Docker mounts into it, else by our host name. */
export async function ownContainer(engine: Docker): Promise<ContainerInspectInfo> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8')
  const [, id] = /\/containers\/([0-9a-f]{64})\/(?:hostname|resolv\.conf|hosts)/.exec(mounts) ?? []
  return await engine.getContainer(id ?? hostname()).inspect()
}
