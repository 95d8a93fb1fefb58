import type { Readable } from 'node:stream'
import type { Container } from 'dockerode'
import type { Docker } from '#lib/docker.ts'
import { label } from '../container.ts'

/** Where helpers are made, and by whom. */
export interface Host {
  readonly engine: Docker
  /** An image of ours. */
  readonly image: string
  /** The instance whose they are. */
  readonly name: string
  /** Of whom they are left, when they outlive it. */
  readonly session: string
}

/** Where a helper sees its volume. */
const at = '/volume'

/**
 * A container that is never started: the engine reads and writes the volume through it, with owners and modes, and what is in an archive
 * cannot lead out of it. While it is there, nobody removes the volume.
 */
export async function holdVolume({ engine, image, name, session }: Host, volume: string): Promise<Container> {
  return await engine.createContainer({
    Image: image,
    Entrypoint: ['true'],
    Cmd: [],
    Healthcheck: { Test: ['NONE'] },
    Labels: { [label.instance]: name, [label.session]: session },
    HostConfig: { NetworkMode: 'none', Binds: [`${volume}:${at}`], CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'] },
  })
}

/** All that is in the volume that a helper holds, as a tar. */
export async function readVolume(helper: Container): Promise<Readable> {
  return (await helper.getArchive({ path: `${at}/.` })) as Readable
}

/** Puts what a tar holds into the volume that a helper holds. */
export async function writeVolume(helper: Container, tar: Readable): Promise<void> {
  await helper.putArchive(tar, { path: at, noOverwriteDirNonDir: 'true' })
}

/** Does something with a helper, and removes it. */
export async function holdingVolume<T>(host: Host, volume: string, work: (helper: Container) => Promise<T>): Promise<T> {
  const helper = await holdVolume(host, volume)
  try {
    return await work(helper)
  } finally {
    await helper.remove({ force: true })
  }
}
