import type { Docker } from '#lib/docker.ts'
import type { Output } from '#lib/output.ts'

/** An extracted tree on disk. Its links are never followed out of it. */
export interface Source {
  dir: string
}

/** What a build may use of the machine. */
export interface BuildLimits {
  /** Bytes. */
  memory: number
  /** CPUs, such as 1.5. */
  cpus: number
  /** The cgroup that carries the caps on engines that honour one per build; `prepareLimits` names it. */
  cgroup?: string
}

/** Who we are at a registry host such as `ghcr.io` or `docker.io`; undefined means anonymous. */
export type Registries = (host: string) => { username: string; password: string } | undefined

/** One build: a tree in, an image out. */
export interface BuildRequest {
  source: Source
  /** The `repository:tag` the image gets. */
  image: string
  labels: Record<string, string>
  buildArgs?: Record<string, string>
  noCache?: boolean
  /** Progress, as plain lines. */
  output: Output
  /** Aborting ends the build inside the engine too; the build then fails with `build-aborted`. */
  signal?: AbortSignal
  /** A complete bundle of certificates (PEM) that programs in the build shall trust; it is not left in the image. */
  ca?: string
  registries?: Registries
  limits?: BuildLimits
}

/** Turns source into an image. One file in `drivers/` each; `drivers.ts` lists them. */
export interface BuildDriver {
  readonly name: string
  readonly summary: string

  /** Does this driver recognise the source? Asked in the order of `drivers.ts`. */
  detect(source: Source): Promise<boolean>

  /** Builds the request's image; a failed build throws UserError `build-failed`, one killed for memory `build-out-of-memory`. */
  build(request: BuildRequest, engine: Docker): Promise<{ imageId: string }>
}
