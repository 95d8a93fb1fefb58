import { messageOf } from '#lib/errors.ts'
import { interpolate, variablesIn } from '#lib/interpolate.ts'
import { parseWords } from '#lib/words.ts'
import type { ServiceSpec } from '../driver.ts'
import { fault, unsupported } from './check.ts'
import type { ComposeFile, Path } from './file.ts'
import type { ComposeService } from './schema.ts'

/** What is made of one service. */
export interface ServicePlan {
  /** As the file has it. */
  name: string
  /** The process type it becomes. */
  process: string
  build?: NonNullable<ComposeService['build']>
  image?: string
  /** What the file says about its image beyond that, as instructions of a Dockerfile. */
  instructions: string[]
  spec: ServiceSpec
}

/** What services may read from outside of the file. */
export interface Surroundings {
  /** Variables of files that `env_file` names, by path. */
  envFiles: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Those of the tree's `.env`. */
  defaults: Readonly<Record<string, string>>
}

/** A plan for each service, that of the web process first where there is one; UserError `bad-compose` with the line where there is none. */
export function planServices(
  file: ComposeFile,
  services: Readonly<Record<string, ComposeService>>,
  around: Surroundings,
): { plans: ServicePlan[]; warnings: string[] } {
  const web = webOf(file, services)
  const processOf = (name: string) => (name === web ? 'web' : Object.hasOwn(services, name) ? name : undefined)
  for (const name of Object.keys(services)) checkName(file, name)
  checkDependencies(file, services)
  const plans = Object.entries(services).map(([name, service]) => planService(file, name, service, processOf, around))

  const warnings = web === undefined ? ['no service publishes a port, and none is called web: nothing is reached by a domain'] : []
  for (const [name, { ports }] of Object.entries(services))
    if (name !== web && ports.length > 0)
      warnings.push(
        `${file.name} line ${file.lineOf(['services', name, 'ports'])}: ${name} is reached by the app’s services only, as ${name}`,
      )
  return { plans: plans.toSorted((a, b) => Number(b.process === 'web') - Number(a.process === 'web')), warnings }
}

/** The service called `web`, else the only one with published ports. */
function webOf(file: ComposeFile, services: Readonly<Record<string, ComposeService>>): string | undefined {
  if (Object.hasOwn(services, 'web')) return 'web'
  const [first, second] = Object.keys(services).filter((name) => services[name]?.ports.length)
  if (second === undefined) return first
  throw fault(
    file,
    ['services', second, 'ports'],
    `${first} and ${second} both publish ports, and an app has one web process`,
    'call it web, or take the ports of the others away',
  )
}

function checkName(file: ComposeFile, name: string): void {
  const at = ['services', name]
  if (['release', 'run'].includes(name)) throw fault(file, at, `a service cannot be called ${name}, which means something else of an app`)
  if (!/^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/i.test(name))
    throw fault(file, at, 'services become process types, which have letters, digits, dashes and underscores in their names')
}

function planService(
  file: ComposeFile,
  name: string,
  service: ComposeService,
  processOf: (name: string) => string | undefined,
  { envFiles, defaults }: Surroundings,
): ServicePlan {
  const at = ['services', name]
  const { build, image, networks, depends_on: dependencies } = service
  if (build === undefined && image === undefined) throw fault(file, at, 'it has neither image nor build')
  if (!['default', 'none'].includes(build?.network ?? 'default'))
    throw unsupported(file, [{ path: [...at, 'build', 'network'], text: 'the usual one, or none' }])
  const process = processOf(name) ?? name
  const ports = portsOf(file, at, service)
  const environment = environmentOf(service, envFiles)
  const { baked, live } = commandOf(file, at, service)
  const variables = Object.entries(environment).flatMap(([key, text]) => (text === null ? [key] : variablesIn(text)))
  const read = [...variables, ...Object.values(live).flat().flatMap(variablesIn)].filter((variable) => Object.hasOwn(defaults, variable))
  const names = Object.values(networks).flatMap((network: { aliases: string[] } | null) => network?.aliases ?? [])
  const before = Object.keys(dependencies).flatMap((other) => processOf(other) ?? [])
  const [port] = [...ports.published, ...ports.exposed]
  const spec: ServiceSpec = {
    aliases: [...new Set([name, ...names])],
    replicas: service.scale ?? service.deploy.replicas ?? (service.profiles.length > 0 ? 0 : 1),
    ...live,
    ...(build === undefined && { foreign: true }),
    ...(port !== undefined && { port }),
    ...(Object.keys(environment).length > 0 && { environment }),
    ...(read.length > 0 && { defaults: Object.fromEntries(read.map((variable) => [variable, defaults[variable] ?? ''])) }),
    ...(before.length > 0 && { dependsOn: before }),
  }
  const instructions = [...instructionsOf(file, at, service), ...exposing(ports), ...baked]
  return { name, process, instructions, spec, ...(build === undefined ? { ...(image !== undefined && { image }) } : { build }) }
}

/** Values of the file stand before those of its files, as they were written there. */
function environmentOf(
  { environment, env_file: files }: ComposeService,
  envFiles: Surroundings['envFiles'],
): Record<string, string | null> {
  const literal = (value: string) => value.replaceAll('$', '$$$$')
  const read = files.flatMap(({ path }) => Object.entries(envFiles[path] ?? {}).map(([key, value]) => [key, literal(value)] as const))
  return { ...Object.fromEntries(read), ...environment }
}

interface Ports {
  published: number[]
  exposed: number[]
  udp: number[]
}

function portsOf(file: ComposeFile, at: Path, { ports, expose }: ComposeService): Ports {
  const read = (key: string) => (one: string, index: number) => {
    const [, target, protocol = 'tcp'] = /^(?:[^/]*:)?(\d{1,5})(?:\/(tcp|udp))?$/.exec(one) ?? []
    const number = Number(target)
    if (number > 0 && number < 65536) return { number, protocol }
    throw fault(file, [...at, key, index], `${JSON.stringify(one.slice(0, 40))} is not a port`, 'a single one, such as "8080:5000"')
  }
  const published = ports.map((one) => (typeof one === 'string' ? one : `${one.target}/${one.protocol}`)).map(read('ports'))
  const exposed = expose.map(read('expose'))
  const of = (wanted: string, list: typeof exposed) => list.filter(({ protocol }) => protocol === wanted).map(({ number }) => number)
  return { published: of('tcp', published), exposed: of('tcp', exposed), udp: of('udp', [...published, ...exposed]) }
}

function exposing({ published, exposed, udp }: Ports): string[] {
  const all = [...published.map(String), ...exposed.map(String), ...udp.map((port) => `${port}/udp`)]
  return all.length > 0 ? [`EXPOSE ${all.join(' ')}`] : []
}

type Command = Pick<ServiceSpec, 'entrypoint' | 'command'>

/** What can be said in the image, and what waits for variables. */
function commandOf(file: ComposeFile, at: Path, service: ComposeService): { baked: string[]; live: Command } {
  const { entrypoint = null, command = null } = service
  const texts = [entrypoint ?? [], command ?? []].flat()
  if (texts.some((text) => variablesIn(text).length > 0))
    return { baked: [], live: { ...(entrypoint !== null && { entrypoint }), ...(command !== null && { command }) } }
  const words = (key: string, line: string | readonly string[]) => {
    try {
      const plain = (text: string) => interpolate(text, () => undefined)
      return JSON.stringify(typeof line === 'string' ? parseWords(plain(line)) : line.map(plain))
    } catch (error) {
      throw fault(file, [...at, key], messageOf(error))
    }
  }
  // One in place of the image's leaves nothing of the image's command.
  const rest = command ?? (entrypoint === null ? null : [])
  return {
    baked: [
      ...(entrypoint === null ? [] : [`ENTRYPOINT ${words('entrypoint', entrypoint)}`]),
      ...(rest === null ? [] : [`CMD ${words('command', rest)}`]),
    ],
    live: {},
  }
}

function instructionsOf(file: ComposeFile, at: Path, service: ComposeService): string[] {
  const said = { working_dir: 'WORKDIR', user: 'USER', stop_signal: 'STOPSIGNAL' } as const
  return Object.entries(said).flatMap(([key, instruction]) => {
    const value = service[key as keyof typeof said]
    if (value === undefined || value === '') return []
    if (/^[\w./:@+-]+$/.test(value)) return [`${instruction} ${value}`]
    throw fault(file, [...at, key], `${JSON.stringify(value.slice(0, 60))} is not understood`, 'letters, digits and . / : @ + - _')
  })
}

/** Whom a service waits for is there, and waits for nobody who waits for it. */
function checkDependencies(file: ComposeFile, services: Readonly<Record<string, ComposeService>>): void {
  const done = new Set<string>()
  const visit = (name: string, waiting: readonly string[]): void => {
    const at = ['services', name, 'depends_on']
    if (waiting.includes(name))
      throw fault(file, at, `services wait for each other: ${[...waiting.slice(waiting.indexOf(name)), name].join(', ')}`)
    if (done.has(name)) return
    for (const [other, { condition, required }] of Object.entries(services[name]?.depends_on ?? {})) {
      if (condition === 'service_completed_successfully')
        throw unsupported(file, [
          { path: [...at, other], text: 'services of an app go on running: let the command of this one do that work first' },
        ])
      if (Object.hasOwn(services, other)) visit(other, [...waiting, name])
      else if (required) throw fault(file, at, `there is no service ${other}`)
    }
    done.add(name)
  }
  for (const name of Object.keys(services)) visit(name, [])
}
