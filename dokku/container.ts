import { createHash } from 'node:crypto'
import type { ContainerCreateOptions, ContainerInfo, ImageInspectInfo } from 'dockerode'
import { mostProcesses } from './docker-flags.ts'
import { flagsFor, optionsFor } from './docker-options.ts'
import { withFlags } from './flag-effects.ts'
import type { Release } from './release.ts'
import { imageFor, runOf, serviceOf } from './services.ts'

/** One container that should run: a process type of a release, and which of its instances. */
export interface Wanted {
  process: string
  index: number
  /** Equal specs are interchangeable: same image, environment, command and settings. */
  spec: string
}

/** What a container's name says about it: not known to be ready, serves, or is drained and stopped. */
export type Stage = 'upcoming' | 'serving' | 'retiring'

/** A container of an app as the engine knows it. */
export interface AppContainer {
  id: string
  name: string
  /** The number of its app, where it has one. */
  appId: number | undefined
  process: string
  index: number
  spec: string
  version: number
  /** The IPv4 address control gave it. */
  address: string
  port: number
  /** The engine's word: created, running, paused, restarting, removing, exited or dead. */
  state: string
  stage: Stage
}

const label = {
  app: 'com.dokku.app-name',
  /** The app's number: it stays when the app is renamed. */
  id: 'dokku.app-id',
  process: 'com.dokku.process-type',
  dyno: 'com.dokku.dyno',
  type: 'com.dokku.container-type',
  stage: 'com.dokku.image-stage',
  instance: 'dokku.instance',
  release: 'dokku.release',
  index: 'dokku.index',
  spec: 'dokku.spec',
  address: 'dokku.address',
  port: 'dokku.port',
  /** How many seconds a one-off container may run. */
  ttl: 'dokku.ttl-seconds',
  /** On what lives no longer than the process of control that made it: that process's mark. */
  session: 'dokku.session',
} as const

export { label }

/** What must differ for a running container to be replaced. */
export function specOf(release: Release, process: string, restarts: number): string {
  const options = optionsFor([...release.options, ...release.args], 'deploy', process)
  const { environment, ...words } = runOf(release, process)
  const service = serviceOf(release.manifest, process)
  const revision = service?.foreign ? null : release.revision
  const parts: unknown[] = [imageFor(release, process), revision, environment, release.manifest.processes[process] ?? null, restarts]
  // As before there were any, so that what runs without them goes on.
  if (options.length > 0) parts.push(options)
  if (service !== undefined) parts.push(words, service.aliases, service.port)
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

/** The containers a release should have. `release:` runs before a deploy, never beside it. */
export function wantedContainers(release: Release, restarts: number): Wanted[] {
  return Object.entries(release.formation)
    .filter(([process]) => process !== 'release' && process in release.manifest.processes)
    .flatMap(([process, quantity]) =>
      Array.from({ length: quantity }, (_, n) => ({ process, index: n + 1, spec: specOf(release, process, restarts) })),
    )
}

/** The port an app is told to listen on: its PORT, else the one that its build found, else what the image exposes, else Dokku's 5000. */
export function portOf(config: Record<string, string>, image: ImageInspectInfo, found?: number): number {
  const asked = Number(config.PORT)
  if (Number.isInteger(asked) && asked > 0 && asked < 65536) return asked
  if (found !== undefined) return found
  const exposed = Object.keys(image.Config.ExposedPorts ?? {})
    .filter((port) => !port.endsWith('/udp'))
    .map((port) => Number.parseInt(port, 10))
  return exposed[0] ?? 5000
}

/**
 * Capabilities that a container's root would have by default and that no app is known to need: to forge packets, make
 * device files, give files capabilities, and write to the audit log.
 */
const dropped = ['AUDIT_WRITE', 'MKNOD', 'NET_RAW', 'SETFCAP']

export interface ContainerPlan {
  instance: string
  app: { id: number; name: string }
  release: Release
  image: ImageInspectInfo
  process: string
  /** 1, 2, ...; one-off containers have a word. */
  index: number | string
  spec: string
  network: string
  address: string | undefined
  /** Bytes, swap included; 0 is no limit. */
  memory: number
  /** Bytes of its last lines that the engine keeps at least. */
  logBytes: number
  /** The port that somebody chose for the app to be reached by. */
  port?: number | undefined
  /** Variables that go before all others. */
  env?: Record<string, string>
}

/** What an app's container may do and what it is told: the same for deployed and one-off containers. */
export function containerOptions(plan: ContainerPlan): ContainerCreateOptions {
  const { release, process, index } = plan
  const service = serviceOf(release.manifest, process)
  const { environment: own, entrypoint, command: words } = runOf(release, process)
  const port = portOf(own, plan.image, plan.port ?? service?.port)
  const oneOff = process === 'run'
  const flags = flagsFor([...release.options, ...release.args], oneOff ? 'run' : 'deploy', process)
  const command = oneOff ? undefined : release.manifest.processes[process]
  const environment = {
    ...own,
    ...plan.env,
    DYNO: `${process}.${index}`,
    ...(process === 'web' ? { PORT: String(port) } : {}),
    ...(release.revision === null || service?.foreign ? {} : { GIT_REV: release.revision }),
  }
  const options: ContainerCreateOptions = {
    Image: imageFor(release, process),
    Env: Object.entries(environment).map(([key, value]) => `${key}=${value}`),
    ...(entrypoint && { Entrypoint: entrypoint }),
    ...(words && { Cmd: words }),
    ...(command == null ? {} : { Cmd: ['/bin/sh', '-c', command] }),
    Labels: {
      dokku: '',
      [label.instance]: plan.instance,
      [label.app]: plan.app.name,
      [label.id]: String(plan.app.id),
      [label.process]: process,
      [label.dyno]: `${process}.${index}`,
      [label.type]: oneOff ? 'run' : 'deploy',
      [label.stage]: 'release',
      [label.release]: String(release.version),
      [label.index]: String(index),
      [label.spec]: plan.spec,
      [label.address]: plan.address ?? '',
      [label.port]: String(port),
    },
    HostConfig: {
      Init: true,
      NetworkMode: plan.network,
      SecurityOpt: ['no-new-privileges'],
      CapDrop: dropped,
      Memory: plan.memory,
      MemorySwap: plan.memory,
      PidsLimit: mostProcesses,
      // One of the two files is full whenever the other is begun.
      LogConfig: { Type: 'json-file', Config: { 'max-size': String(plan.logBytes), 'max-file': '2' } },
    },
    ...(plan.address === undefined
      ? {}
      : { NetworkingConfig: { EndpointsConfig: { [plan.network]: { IPAMConfig: { IPv4Address: plan.address } } } } }),
  }
  return withFlags(options, flags)
}

/** A listed container as one of an app's. A copy of one (docker commit) has its labels, but not its address: nobody wants it. */
export function appContainer(info: ContainerInfo, appId: number | undefined): AppContainer {
  const labels = info.Labels
  const copied = !isInPlace(info)
  const name = (info.Names[0] ?? '').replace(/^\//, '')
  return {
    id: info.Id,
    name,
    appId,
    process: labels[label.process] ?? '',
    index: Number(labels[label.index]),
    spec: copied ? '' : (labels[label.spec] ?? ''),
    version: Number(labels[label.release]),
    address: copied ? '' : (labels[label.address] ?? ''),
    port: Number(labels[label.port]),
    state: info.State,
    stage: stageOf(name),
  }
}

function isInPlace({ Labels: labels, NetworkSettings: { Networks: networks } }: ContainerInfo): boolean {
  const address = labels[label.address]
  const given: { IPAMConfig?: { IPv4Address?: string } | null }[] = Object.values(networks)
  return !address || given.some(({ IPAMConfig: ipam }) => ipam?.IPv4Address === address)
}

/** The stage that a container's name says. */
export function stageOf(name: string): Stage {
  // Only at the end: an app may be called my.upcoming-app.
  const [, stage] = /\.(upcoming|retiring)-[0-9a-f]{8}$/.exec(name) ?? []
  return stage === 'upcoming' || stage === 'retiring' ? stage : 'serving'
}
