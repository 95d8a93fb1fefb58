import { label } from './container.ts'
import type { Instance } from './instance.ts'
import { readLogs } from './logs/last-lines.ts'

interface Glance {
  network: string
  address?: string
  /** Volumes that it sees, as docker run has them. */
  binds?: string[]
  /** What of root's rights it needs. */
  capabilities?: string[]
}

/** What a program of our own image prints that runs for a moment inside a network: `host`, `container:ID`, or an apps' network, there with an address. */
export async function glance(
  instance: Instance,
  argv: readonly string[],
  { network, address, binds = [], capabilities = [] }: Glance,
): Promise<string[]> {
  const helper = await instance.engine.createContainer({
    Image: instance.image,
    Entrypoint: [...argv],
    Cmd: [],
    Healthcheck: { Test: ['NONE'] },
    Labels: { [label.instance]: instance.settings.name, [label.session]: instance.session },
    HostConfig: { NetworkMode: network, Binds: binds, CapDrop: ['ALL'], CapAdd: capabilities, SecurityOpt: ['no-new-privileges'] },
    ...(address === undefined ? {} : { NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: address } } } } }),
  })
  try {
    await helper.start()
    await helper.wait({ condition: 'not-running' })
    return await readLogs(helper)
  } finally {
    await helper.remove({ force: true })
  }
}
