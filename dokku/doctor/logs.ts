import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { formatSize } from '#lib/size.ts'
import type { Instance } from '../instance.ts'
import { type Check, type Finding, ok, warning } from './check.ts'

/** How a container's lines are kept by the engine. */
export interface KeptLines {
  name: string
  driver: string
  options: Readonly<Record<string, string>>
}

const most = 2 * 2 ** 30

/** Lines that grow without an end: of containers whose log has no limit, and what we keep ourselves. */
export function logFindings(containers: readonly KeptLines[], keptBytes: number): Finding[] {
  const endless = containers.filter(({ driver, options }) => driver === 'json-file' && options['max-size'] === undefined)
  const found = [
    ...(endless.length === 0
      ? []
      : [
          warning(
            `the log of ${endless.map(({ name }) => name).join(', ')} has no limit, and can fill the disk`,
            'log-opts max-size in /etc/docker/daemon.json limits those of new containers',
          ),
        ]),
    ...(keptBytes > most
      ? [warning(`builds and logs that are kept take ${formatSize(keptBytes)}`, 'builds:set APP retention keeps fewer')]
      : []),
  ]
  return found.length > 0 ? found : [ok(`what is kept of builds and apps takes ${formatSize(keptBytes)}`)]
}

/** Bytes of all files below a folder; of one that is not there, none. */
export async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function keptLines({ engine }: Instance): Promise<KeptLines[]> {
  const found = await engine.listContainers()
  const inspected = await Promise.all(
    found.map(({ Id: id }) =>
      engine
        .getContainer(id)
        .inspect()
        .catch(() => undefined),
    ),
  )
  return inspected.flatMap((one) =>
    one === undefined
      ? []
      : [{ name: one.Name.slice(1), driver: one.HostConfig.LogConfig?.Type ?? '', options: one.HostConfig.LogConfig?.Config ?? {} }],
  )
}

export const logs: Check = {
  name: 'logs',

  async look(instance) {
    const folders = ['builds', 'logs'].map((name) => join(instance.settings.dataDir, name))
    const bytes = (await Promise.all(folders.map(bytesBelow))).reduce((sum, one) => sum + one, 0)
    return logFindings(await keptLines(instance), bytes)
  },
}
