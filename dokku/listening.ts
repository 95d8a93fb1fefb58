import type { AppContainer } from './container.ts'
import { label } from './container.ts'
import { readLogs } from './container-logs.ts'
import type { Instance } from './instance.ts'

/** Where the processes of a container listen, as address:port; asked from inside its network, where we have a program. */
export async function listeningIn(instance: Instance, container: AppContainer): Promise<string[]> {
  const helper = await instance.engine.createContainer({
    Image: instance.image,
    Entrypoint: ['cat', '/proc/net/tcp', '/proc/net/tcp6'],
    Cmd: [],
    Healthcheck: { Test: ['NONE'] },
    Labels: { [label.instance]: instance.settings.name, [label.session]: instance.session },
    HostConfig: { NetworkMode: `container:${container.id}` },
  })
  try {
    await helper.start()
    await helper.wait({ condition: 'not-running' })
    return listeners((await readLogs(helper)).join('\n'))
  } finally {
    await helper.remove({ force: true })
  }
}

/** Listening sockets in the kernel's /proc/net/tcp and tcp6 format. Docker's own resolver does not count. */
export function listeners(table: string): string[] {
  const found = [...table.matchAll(/^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ 0A /gm)].map(([, address = '', port = '']) => {
    const host = address.length === 8 ? fourBytes(address) : isZero(address) ? '0.0.0.0' : 'an IPv6 address'
    return `${host}:${Number.parseInt(port, 16)}`
  })
  return [...new Set(found)].filter((one) => !one.startsWith('127.0.0.11:'))
}

/** The kernel prints an address as one little-endian word. */
function fourBytes(hex: string): string {
  return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.')
}

function isZero(hex: string): boolean {
  return /^0+$/.test(hex)
}
