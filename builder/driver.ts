import type { Docker } from '#lib/docker.ts'
import type { Output } from '#lib/output.ts'

/** A tree on disk, and what somebody chose about how it is built. Its links are never followed out of it. */
export interface Source {
  dir: string
  choices?: Choices
}

/** What is not chosen here, the tree says. */
export interface Choices {
  /** The name of the driver; no other is asked. */
  selected?: string
  /** Path of the Dockerfile in the tree; `Dockerfile` unless told. */
  dockerfile?: string
  /** The stage of the Dockerfile that becomes the image; the last one unless told. */
  target?: string
  /** Buildpacks in the order in which they run: URLs, with `#ref` where one is wanted. They stand in for those that the tree names. */
  buildpacks?: readonly string[]
  /** The image in which buildpacks compile. */
  stack?: string
  /** `none`: steps of the build reach no network. */
  network?: 'none'
  /** Path of app.json in the tree; `app.json` unless told. */
  appJson?: string
  /** Base images of the runtime driver, by runtime: `node`, or `node:build` and `node:run` apart. */
  images?: Record<string, string>
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

/** How a build gets what it lacks, in words of the program through which people build. */
export interface Advice {
  memory: string
  secret(name: string): string
  /** What to do where a field of a Compose file is not read, `services.NAME.` and the like left away; an option of containers is `--name VALUE`. */
  instead?(field: string, usually: string): string
}

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
  advice?: Advice
  /** Variables that the build may read: they are handed over as secrets and stand in no layer and no history. */
  env?: Record<string, string>
  /** Another one whenever `env` is another, so that steps that read it run again; it may be seen in the image's history. */
  envRevision?: string
  /** An image of Debian with apt, such as our own: base images are made from packages by it where no registry answers. */
  debian?: string
  /** What this app's caches are called, of lower-case letters, digits and `-`: builds with another key never see them. */
  cacheKey?: string
}

/** What came of a build. */
export interface BuildResult {
  imageId: string
  /** Process types that the build found, with their commands; null is the image's own. A Procfile in the tree goes before them. */
  processes?: Record<string, string | null>
  /** Of process types that are services: how they run otherwise than the app's image says. */
  services?: Record<string, ServiceSpec>
}

/**
 * How a service runs. Texts may hold variables (`#lib/interpolate.ts`) of the app's config, which are put in when a container is
 * made, so that they stand in no image.
 */
export interface ServiceSpec {
  /** The id of its own image; the app's, unless told. */
  image?: string
  /** It was not built from the tree: no variables are for it but its own, and another commit is no reason to replace it. */
  foreign?: boolean
  /** What other services call it. */
  aliases: readonly string[]
  /** The TCP port on which it listens; what its image exposes, unless told. */
  port?: number
  /** null is the value that the config has, if it has one. */
  environment?: Record<string, string | null>
  /** In place of the image's; a line is split into words once variables are in it. */
  entrypoint?: string | readonly string[]
  command?: string | readonly string[]
  /** Values for variables that the config does not have. */
  defaults?: Record<string, string>
  /** How many run unless somebody scales it. */
  replicas?: number
  /** Process types that are ready before it starts. */
  dependsOn?: readonly string[]
}

/** Turns source into an image. One file in `drivers/` each; `drivers.ts` lists them. */
export interface BuildDriver {
  readonly name: string
  readonly summary: string
  /** By its protocol a build sees all config vars of its app, not only those that somebody chose. */
  readonly readsAllConfig?: true

  /** Does this driver recognise the source? Asked in the order of `drivers.ts`. */
  detect(source: Source): Promise<boolean>

  /** Builds the request's image; a failed build throws UserError `build-failed`, one killed for memory `build-out-of-memory`. */
  build(request: BuildRequest, engine: Docker): Promise<BuildResult>
}
