import { isIP } from 'node:net'
import type { ContainerCreateOptions } from 'dockerode'
import { UserError } from '#lib/errors.ts'
import { parseSize } from '#lib/size.ts'

/** When an option holds: for builds, for what is deployed, for one-off commands. */
export const phases = ['build', 'deploy', 'run'] as const
export type Phase = (typeof phases)[number]

/** A container that is not ours, and what it is called inside the app. */
export interface Link {
  container: string
  alias: string
}

/** What flags ask for: of a container in the words of the Engine's API, of its networks, of a build. */
export interface Effect extends ContainerCreateOptions {
  links?: Link[]
  /** Networks that somebody made, and the container joins. */
  networks?: string[]
  buildArgs?: Record<string, string>
  noCache?: boolean
}

interface Flag {
  phases: readonly Phase[]
  /** One that takes no value. */
  alone?: true
  /** Throws UserError `bad-docker-option` for a value that it cannot have. */
  effect: (value: string) => Effect
}

/** The most processes and threads that a container may have, whatever its options say. */
export const mostProcesses = 4096

/** Only what neither opens the host nor another app, nor changes what dokku itself needs of a container. */
export const dockerFlags: Readonly<Record<string, Flag>> = {
  link: { phases, effect: (value) => ({ links: [parseLink(value)] }) },
  label: { phases, effect: (value) => ({ Labels: ownLabel(pair(value)) }) },
  'build-arg': { phases: ['build'], effect: (value) => ({ buildArgs: pair(value) }) },
  'no-cache': { phases: ['build'], alone: true, effect: () => ({ noCache: true }) },
  ...ofContainers({
    env: (value) => ({ Env: [like(value, /^[A-Za-z_]\w*=/, 'KEY=value')] }),
    user: (value) => ({ User: like(value, /^[\w.-]+(:[\w.-]+)?$/, 'USER or USER:GROUP') }),
    workdir: (value) => ({ WorkingDir: like(value, /^\//, 'a path from /') }),
    entrypoint: (value) => ({ Entrypoint: [value] }),
    hostname: (value) => ({ Hostname: like(value, /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/i, 'a host name') }),
    'stop-signal': (value) => ({ StopSignal: like(value, /^((SIG)?[A-Z][A-Z0-9+-]*|\d{1,2})$/, 'SIGTERM') }),
    'add-host': (value) => ({ HostConfig: { ExtraHosts: [extraHost(value)] } }),
    dns: (value) => ({ HostConfig: { Dns: [address(value)] } }),
    'dns-search': (value) => ({ HostConfig: { DnsSearch: [like(value, /^[\w.-]+$/, 'a domain')] } }),
    memory: (value) => ({ HostConfig: { Memory: atLeast(6 * 2 ** 20, parseSize(value), value) } }),
    'memory-reservation': (value) => ({ HostConfig: { MemoryReservation: atLeast(6 * 2 ** 20, parseSize(value), value) } }),
    cpus: (value) => ({ HostConfig: { NanoCpus: Math.round(Number(like(value, /^\d{1,3}(\.\d{1,3})?$/, '1.5')) * 1e9) } }),
    'cpu-shares': (value) => ({ HostConfig: { CpuShares: Number(like(value, /^\d{1,6}$/, 'a number')) } }),
    'cpuset-cpus': (value) => ({ HostConfig: { CpusetCpus: like(value, /^\d{1,4}([,-]\d{1,4})*$/, '0-3 or 0,1') } }),
    'pids-limit': (value) => ({ HostConfig: { PidsLimit: processes(value) } }),
    'shm-size': (value) => ({ HostConfig: { ShmSize: parseSize(value) } }),
    ulimit: (value) => ({ HostConfig: { Ulimits: [ulimit(value)] } }),
    tmpfs: (value) => ({ HostConfig: { Tmpfs: tmpfs(value) } }),
    'cap-drop': (value) => ({ HostConfig: { CapDrop: [like(value, /^[A-Z_]+$/, 'a capability, such as NET_BIND_SERVICE')] } }),
  }),
  'read-only': { phases: ['deploy', 'run'], alone: true, effect: () => ({ HostConfig: { ReadonlyRootfs: true } }) },
}

/** Those that only commands of ours set, which have checked what they lead to. */
export const ownFlags: Readonly<Record<string, Flag>> = ofContainers({
  'memory-swap': (value) => ({ HostConfig: { MemorySwap: parseSize(value) } }),
  volume: (value) => ({ HostConfig: { Binds: [value] } }),
  network: (value) => ({ networks: [value] }),
})

function ofContainers(effects: Record<string, Flag['effect']>): Record<string, Flag> {
  return Object.fromEntries(Object.entries(effects).map(([name, effect]) => [name, { phases: ['deploy', 'run'], effect }]))
}

/** UserError `bad-docker-option`. */
export function badOption(message: string, hint: string): UserError {
  return new UserError('bad-docker-option', message, { hint })
}

function like(value: string, pattern: RegExp, wanted: string): string {
  if (pattern.test(value)) return value
  throw badOption(`${JSON.stringify(value.slice(0, 60))} is not ${wanted}`, `it should be like this: ${wanted}`)
}

function pair(value: string): Record<string, string> {
  const [, key = '', text = ''] = /^([^=\s]+)=?(.*)$/s.exec(value) ?? []
  if (key !== '') return { [key]: text }
  throw badOption(`${JSON.stringify(value.slice(0, 60))} has no name`, 'KEY=value')
}

/** Labels of containers are how dokku knows which are whose. */
function ownLabel(labels: Record<string, string>): Record<string, string> {
  const taken = Object.keys(labels).find((key) => /^(com\.)?dokku(\.|$)/.test(key))
  if (taken === undefined) return labels
  throw badOption(`the label ${taken} is dokku's own`, 'choose one that does not begin with dokku or com.dokku')
}

function parseLink(value: string): Link {
  const name = /^[a-zA-Z0-9][\w.-]*$/
  const [container = '', alias = container, ...more] = value.split(':')
  if (more.length === 0 && name.test(container) && name.test(alias)) return { container, alias }
  throw badOption(`${JSON.stringify(value.slice(0, 60))} is not a link`, '--link CONTAINER:ALIAS')
}

function extraHost(value: string): string {
  const [, name = '', to = ''] = /^([\w.-]+):(.+)$/.exec(value) ?? []
  if (name !== '' && (to === 'host-gateway' || isIP(to))) return value
  throw badOption(`${JSON.stringify(value.slice(0, 60))} is not a host and its address`, '--add-host db.example.com:10.0.0.7')
}

function address(value: string): string {
  if (isIP(value)) return value
  throw badOption(`${JSON.stringify(value.slice(0, 60))} is not an IP address`, '--dns 10.0.0.53')
}

/** A size as Dokku takes it: a plain number is megabytes. At least what the engine starts anything with. */
export function parseMemory(word: string): string {
  const size = /^\d+$/.test(word) ? `${word}m` : word
  atLeast(6 * 2 ** 20, parseSize(size), word)
  return size
}

function atLeast(least: number, bytes: number, value: string): number {
  if (bytes >= least) return bytes
  throw badOption(`${value} is less than the engine starts anything with`, '--memory 512m; 6m at least')
}

function processes(value: string): number {
  const count = Number(like(value, /^\d{1,4}$/, `a number up to ${mostProcesses}`))
  if (count >= 1 && count <= mostProcesses) return count
  throw badOption(`--pids-limit ${value} is not from 1 to ${mostProcesses}`, `every container may have ${mostProcesses} anyway`)
}

/** Those that say how much of its own a process may have; none that let it take precedence over others. */
function ulimit(value: string) {
  const [, Name = '', soft = '', hard = soft] =
    /^(core|cpu|data|fsize|locks|memlock|msgqueue|nofile|nproc|sigpending|stack)=(-1|\d{1,15})(?::(-1|\d{1,15}))?$/.exec(value) ?? []
  if (Name !== '') return { Name, Soft: Number(soft), Hard: Number(hard) }
  throw badOption(`${JSON.stringify(value.slice(0, 60))} is not a limit that may be set`, '--ulimit nofile=1024:4096')
}

function tmpfs(value: string): Record<string, string> {
  const [, path = '', options = ''] = /^(\/[^:,]*)(?::(.*))?$/.exec(value) ?? []
  if (path !== '' && options.split(',').every((one) => /^((no)?(exec|suid|dev)|ro|rw|(size|mode|uid|gid)=\w+|)$/.test(one)))
    return { [path]: options }
  throw badOption(`${JSON.stringify(value.slice(0, 60))} is not a place for a tmpfs`, '--tmpfs /run:size=64m')
}
