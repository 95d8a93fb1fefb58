import type { Logger } from 'pino'
import type { BuildLimits } from '#builder'
import type { Repositories } from '#gitreceive'
import type { Database } from '#lib/database.ts'
import type { Docker } from '#lib/docker.ts'
import type { Appliance } from '#nginx'
import type { Around, Plugin, Store } from '#plugn'
import type { Crashes } from './crashes.ts'
import type { Cron } from './cron.ts'
import type { Draining } from './drains/state.ts'
import type { Properties } from './global-properties.ts'
import type { Collect, Fire, Select } from './hooks.ts'
import type { LiveBuilds } from './live-builds.ts'
import type { keyedQueue, limited } from './locks.ts'
import type { Sealing } from './secrets/sealing.ts'
import type { Settings } from './settings.ts'

/** Everything a running instance is made of; made once by daemon.ts and handed down. */
export interface Instance {
  readonly settings: Settings
  /** Where the engine’s host has what is `settings.dataDir` here. */
  readonly mountpoint: string
  readonly db: Database
  readonly sealing: Sealing
  /** Settings of every app that has none of its own. */
  readonly properties: Properties
  readonly engine: Docker
  readonly appliance: Appliance
  readonly repositories: Repositories
  readonly plugins: InstalledPlugins
  readonly cron: Cron
  /** Certificates that come and are renewed by themselves. */
  readonly renewals: { poke(): void }
  /** Processes that end again and again. */
  readonly crashes: Crashes
  /** Lines of apps on their way to where drains say. */
  readonly drains: Draining
  readonly fire: Fire
  readonly collect: Collect
  readonly select: Select
  /** What changes one app runs one after another. */
  readonly inOrder: ReturnType<typeof keyedQueue>
  /** Containers that are created or started at once, over all apps. */
  readonly starting: ReturnType<typeof limited>
  /** Containers that this process drains and stops now, by id. */
  readonly retiring: Set<string>
  /** Bytes of memory that a container of an app may use; 0 is no limit. */
  readonly appMemory: number
  /** The mark of this process on containers that live no longer than it. */
  readonly session: string
  /** Builds that are under way. */
  readonly builds: LiveBuilds
  /** Aborted when control was told to stop: what would go on for ever ends then. */
  readonly stopping: AbortSignal
  /** Builds at once, over all apps. */
  readonly building: ReturnType<typeof limited>
  /** The caps every build runs under; undefined where the engine cannot set any. */
  readonly buildLimits: Promise<BuildLimits | undefined>
  /** PEM bundle of a TLS-re-signing proxy that builds must trust. */
  readonly ca: string | undefined
  readonly log: Logger
  /** The image control runs, for short-lived containers of ours. */
  readonly image: string
  /** The same by the name under which a Dockerfile may begin from it. */
  readonly debian: string
  /** Does the appliance use the host's network, or publish its ports? */
  readonly network: 'host' | 'published'
}

/** The HTTP door, where the appliance finds it. */
export const doorSocket = '/run/dokku/appliance/door.sock'

/** Plugins as commands see them. */
export interface InstalledPlugins {
  /** Where those are that somebody installed. */
  readonly store: Store
  /** Those of the image. */
  own(): readonly Plugin[]
  /** Takes up a change of them without a restart. */
  reload(): Promise<void>
  /** Does any of them handle a hook? */
  handles(hook: string): Promise<boolean>
  /** The hooks of dokku's that an enabled plugin handles. */
  hooksOf(name: string): Promise<string[]>
  /** Calls a hook of all, or of one, by its name, with words; answers the exit status. */
  trigger(hook: string, args: readonly string[], around: Partial<Around>, only?: string): Promise<number>
}

/** Names of what an instance has on the engine. */
export function objectNames(name: string) {
  return {
    gateway: `${name}-ssh`,
    appliance: `${name}-nginx`,
    network: `${name}-apps`,
    volumes: {
      gatewaySockets: `${name}-gateway`,
      applianceSockets: `${name}-appliance`,
      hostKeys: `${name}-ssh`,
      appliance: `${name}-nginx`,
    },
  }
}

/** App containers carry Dokku's own names for the instance `dokku`; those of others are prefixed. */
export function containerName(instance: string, app: string, process: string, index: number | string): string {
  return `${instance === 'dokku' ? '' : `${instance}-`}${app}.${process}.${index}`
}

/** The image repository of an app: dokku/APP, as Dokku names it. */
export function imageName(instance: string, app: string): string {
  return `${instance}/${app}`
}
