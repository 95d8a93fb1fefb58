import { closeSync, constants, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { basename, join } from 'node:path'
import { hasStatus } from '#lib/docker.ts'
import { run } from '#lib/exec.ts'
import { label } from '../container.ts'
import type { Instance } from '../instance.ts'

/** Reads a volume once; until it is removed, nobody removes the volume. */
export interface VolumeReader {
  /** Takes a moment, and may come before the apps that write to it are paused. */
  start(): Promise<void>
  /** All that is in it, as a tar in zstd. */
  read(): AsyncGenerator<Uint8Array>
  remove(): Promise<void>
}

/**
 * Opening the pipe waits for whoever reads it. A file that changes while it is read is no failure of tar's. Extended attributes are those that
 * the engine puts back.
 */
const script = `exec > /out/pipe
{
  tar -C /volume --create --sort=name --numeric-owner --format=posix --pax-option=delete=atime,delete=ctime \\
    --xattrs '--xattrs-include=user.*' --xattrs-include=security.capability .
  [ $? -le 1 ]
} | zstd --quiet -1 --single-thread`

/**
 * A container of ours that packs a volume, with owners and modes, and writes it to a pipe on control's volume: by way of the engine's own
 * streams the same takes twice as long.
 */
export async function volumeReader({ engine, image, mountpoint, session, settings }: Instance, volume: string): Promise<VolumeReader> {
  const folder = await mkdtemp(join(settings.dataDir, '.backup-volume-'))
  const pipe = join(folder, 'pipe')
  await run(['mkfifo', '-m', '600', pipe])
  const container = await engine.createContainer({
    Image: image,
    Entrypoint: ['bash', '-o', 'pipefail', '-c', script],
    Cmd: [],
    Healthcheck: { Test: ['NONE'] },
    Labels: { [label.instance]: settings.name, [label.session]: session },
    HostConfig: {
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      Binds: [`${volume}:/volume:ro`, `${join(mountpoint, basename(folder))}:/out`],
      CapDrop: ['ALL'],
      // Files of any owner are read, and nothing is written.
      CapAdd: ['DAC_READ_SEARCH'],
      SecurityOpt: ['no-new-privileges'],
    },
  })

  return {
    start: () => container.start(),

    async *read() {
      const socket = new Socket({ fd: openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK), readable: true, writable: false })
      const ended = container.wait() as Promise<{ StatusCode: number }>
      // One that ended before it opened the pipe would be waited for.
      ended.then(
        () => touch(pipe),
        () => socket.destroy(),
      )
      try {
        yield* socket
      } finally {
        socket.destroy()
      }
      const { StatusCode: status } = await ended
      if (status === 0) return
      const said = (await container.logs({ stderr: true }))
        .toString()
        .replaceAll(/[^\n\x20-\x7e]/g, '')
        .trim()
      throw new Error(`${volume} could not be read: ${said || `status ${status}`}`)
    },

    async remove() {
      await container.remove({ force: true }).catch((error: unknown) => {
        if (!hasStatus(error, 404)) throw error
      })
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Opens the writing end of a pipe and closes it, so that whoever reads it comes to its end. */
function touch(pipe: string): void {
  try {
    closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK))
  } catch {
    // Nobody reads it any more.
  }
}
