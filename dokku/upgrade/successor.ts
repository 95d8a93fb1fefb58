import type { Container, ContainerCreateOptions, ContainerInspectInfo, ImageInspectInfo } from 'dockerode'
import { type Docker, hasStatus } from '#lib/docker.ts'

/** A container like another, of another image: what the first one's image brought is left out, all that it was given stays. Pure. */
export function optionsLike(
  { Config: config, HostConfig: host, Id: id, NetworkSettings }: ContainerInspectInfo,
  before: ImageInspectInfo,
  image: string,
): ContainerCreateOptions {
  const brought = new Set(before.Config.Env ?? [])
  const labels = Object.entries(config.Labels ?? {}).filter(([key, value]) => before.Config.Labels?.[key] !== value)
  const networks = Object.entries(NetworkSettings.Networks ?? {})
  const given = <T>(own: T, images: T) => (JSON.stringify(own) === JSON.stringify(images) ? {} : own)
  return {
    Image: image,
    Env: (config.Env ?? []).filter((one) => !brought.has(one)),
    Labels: Object.fromEntries(labels),
    HostConfig: { ...host, RestartPolicy: { Name: 'no' } },
    NetworkingConfig: {
      EndpointsConfig: Object.fromEntries(
        networks.map(([name, { Aliases: aliases }]) => [name, { Aliases: (aliases ?? []).filter((one: string) => !id.startsWith(one)) }]),
      ),
    },
    ...('StopTimeout' in config ? { StopTimeout: config.StopTimeout as number } : {}),
    ...(Object.keys(given({ Cmd: config.Cmd }, { Cmd: before.Config.Cmd as string[] })).length > 0 ? { Cmd: config.Cmd } : {}),
  }
}

/** Makes one, not started, with what lies in `/etc/dokku` of the other: the CA bundle of the machine. */
export async function createLike(engine: Docker, of: Container, image: string, name: string): Promise<Container> {
  const found = await of.inspect()
  const before = await engine.getImage(found.Image).inspect()
  const created = await engine.createContainer({ ...optionsLike(found, before, image), name })
  try {
    const files = await of.getArchive({ path: '/etc/dokku' })
    await created.putArchive(files, { path: '/etc' })
  } catch (error) {
    if (!hasStatus(error, 404)) throw error
  }
  return created
}
