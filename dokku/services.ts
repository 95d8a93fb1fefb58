import * as z from 'zod'
import { UserError } from '#lib/errors.ts'
import { interpolate } from '#lib/interpolate.ts'
import { parseWords } from '#lib/words.ts'

const words = z.union([z.string(), z.array(z.string()).readonly()])

/** A process type that is a service of a Compose file, as its build found it. */
export const serviceSchema = z.object({
  /** The id of its own image; the release's unless told. */
  image: z.string().optional(),
  /** Not built from the tree: it gets nothing but its own environment, and a deploy that changes nothing of it lets it run. */
  foreign: z.boolean().optional(),
  /** What the other services of the app call it. */
  aliases: z.array(z.string()).readonly(),
  port: z.number().optional(),
  /** Texts with variables of the app's config; null is the config's own value, where it has one. */
  environment: z.record(z.string(), z.string().nullable()).optional(),
  entrypoint: words.optional(),
  command: words.optional(),
  /** Values for variables that the config does not have. */
  defaults: z.record(z.string(), z.string()).optional(),
  /** How many run unless somebody scaled it. */
  replicas: z.int().min(0).optional(),
  /** Process types that are ready before it starts. */
  dependsOn: z.array(z.string()).readonly().optional(),
})

/** By process type. */
export const servicesSchema = z.record(z.string(), serviceSchema)

export type Service = z.infer<typeof serviceSchema>

/** What of a release is about its services. */
interface Serving {
  image: string
  config: Record<string, string>
  manifest: { services?: Record<string, Service> | undefined }
}

/** What a process type is as a service, where the release has services. One-off commands are like the app's own: the web process, usually. */
export function serviceOf({ services = {} }: Serving['manifest'], process: string): Service | undefined {
  if (process === 'run') return Object.values(services).find(({ image }) => image === undefined)
  return Object.hasOwn(services, process) ? services[process] : undefined
}

/** The image of a process type. */
export function imageFor({ image, manifest }: Pick<Serving, 'image' | 'manifest'>, process: string): string {
  return serviceOf(manifest, process)?.image ?? image
}

/** The images of services that are not the release's own, by process type. */
export function imagesOf({ services = {} }: Serving['manifest']): Record<string, string> {
  const pairs = Object.entries(services).flatMap(([process, { image }]): [string, string][] =>
    image === undefined ? [] : [[process, image]],
  )
  return Object.fromEntries(pairs)
}

/** How a process is run: its variables, and what goes before the image's own words. */
export interface Run {
  environment: Record<string, string>
  entrypoint?: string[]
  command?: string[]
}

/** How a process type of a release is run, with the config put in. UserError `variable-missing` where a service asks for what is not set. */
export function runOf({ config, manifest }: Serving, process: string): Run {
  const service = serviceOf(manifest, process)
  if (service === undefined) return { environment: config }
  const lookup = (name: string) => config[name] ?? service.defaults?.[name]
  const put = (text: string) => withAdvice(() => interpolate(text, lookup))
  const split = (line: NonNullable<Service['command']>) => (typeof line === 'string' ? parseWords(put(line)) : line.map(put))
  const own = Object.entries(service.environment ?? {}).flatMap(([name, text]): [string, string][] => {
    const value = text === null ? lookup(name) : put(text)
    return value === undefined ? [] : [[name, value]]
  })
  const { entrypoint, command } = service
  return {
    environment: { ...(service.foreign ? {} : config), ...Object.fromEntries(own) },
    ...(entrypoint !== undefined && { entrypoint: split(entrypoint) }),
    ...(command !== undefined && { command: split(command) }),
  }
}

function withAdvice<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError(error.code, error.message, { hint: 'config:set APP NAME=VALUE sets it', cause: error })
  }
}

/** Processes in an order in which each comes behind those that it waits for. */
export function inStartOrder<T extends { process: string }>(wanted: readonly T[], { services = {} }: Serving['manifest']): T[] {
  const depths = new Map<string, number>()
  const depth = (process: string): number => {
    const known = depths.get(process)
    if (known !== undefined) return known
    depths.set(process, 0)
    const found = Math.max(0, ...dependenciesOf({ services }, process).map((other) => depth(other) + 1))
    depths.set(process, found)
    return found
  }
  return wanted.toSorted((a, b) => depth(a.process) - depth(b.process))
}

/** The process types that are ready before this one starts. */
export function dependenciesOf({ services = {} }: Serving['manifest'], process: string): readonly string[] {
  return (Object.hasOwn(services, process) ? services[process]?.dependsOn : undefined) ?? []
}

/** What the other services of an app call the containers of a process type; nobody calls one that runs a one-off command. */
export function namesOf({ manifest }: Pick<Serving, 'manifest'>, process: string): string[] {
  return process === 'run' ? [] : [...(serviceOf(manifest, process)?.aliases ?? [])]
}
