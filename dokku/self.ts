import type { ContainerInspectInfo } from 'dockerode'

/** The line that puts a copy of the database back, as this container was started. */
export function restoreCommand({ Name: name, Mounts: mounts, Config: { Image: image } }: ContainerInspectInfo, dataDir: string): string {
  const control = name.replace(/^\//, '')
  const mount = mounts.find(({ Destination: at }) => at === dataDir)
  return `docker stop ${control} && docker run --rm -v ${mount?.Name ?? mount?.Source}:${dataDir} ${image} restore-database && docker start ${control}`
}
