import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { ContainerInspectInfo } from 'dockerode'
import type { Docker } from '#lib/docker.ts'

/** Our own container, found by the files Docker mounts into it, else by our host name. */
export async function ownContainer(engine: Docker): Promise<ContainerInspectInfo> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8')
  const [, id] = /\/containers\/([0-9a-f]{64})\/(?:hostname|resolv\.conf|hosts)/.exec(mounts) ?? []
  return await engine.getContainer(id ?? hostname()).inspect()
}

/** The line that puts a copy of the database back, as this container was started. */
export function restoreCommand({ Name: name, Mounts: mounts, Config: { Image: image } }: ContainerInspectInfo, dataDir: string): string {
  const control = name.replace(/^\//, '')
  const mount = mounts.find(({ Destination: at }) => at === dataDir)
  return `docker stop ${control} && docker run --rm -v ${mount?.Name ?? mount?.Source}:${dataDir} ${image} restore-database && docker start ${control}`
}
