import { UserError } from '#lib/errors.ts'
import { parseSize } from '#lib/size.ts'
import { hostName } from '#nginx'

/** What is decided when control is started, read once from its environment. */
export interface Settings {
  /** The instance's name; containers, volumes, networks and labels derive from it. */
  readonly name: string
  /** Apps without a domain of their own are `APP.hostname`. */
  readonly hostname: string
  readonly sshPort: number
  readonly httpPort: number
  readonly httpsPort: number
  /** Does every connection to the two web ports begin with who it is from, as load balancers say it? */
  readonly proxyProtocol: boolean
  /** Where git over HTTP and webhooks come in; undefined: nowhere. */
  readonly httpDoor: string | undefined
  /** `host`: the appliance uses the host's network; `published`: it publishes its ports; unset: by what the engine is. */
  readonly network: 'host' | 'published' | undefined
  /** First of the /20 subnets tried for the apps' network. */
  readonly subnet: string | undefined
  /** Bytes that each container of an app may use; 0 is no limit, unset is half of the machine's. */
  readonly appMemory: number | undefined
  readonly buildMemory: number
  readonly buildCpus: number
  /** Bytes that the build cache of this instance may take; 0 is no limit. */
  readonly buildCache: number
  /** How many builds run at once. */
  readonly buildConcurrency: number
  /** An instance that proves a backup: it opens no port, and its apps reach nobody. */
  readonly scratch: boolean
  readonly dataDir: string
  readonly caFile: string
}

/** Reads the settings; a bad one throws UserError `bad-setting` and control does not start. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const name = env.DOKKU_NAME || 'dokku'
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name)) throw bad('DOKKU_NAME', name, 'lower-case letters, digits and dashes')
  const network = env.DOKKU_NETWORK || undefined
  if (network !== undefined && network !== 'host' && network !== 'published') throw bad('DOKKU_NETWORK', network, 'host or published')
  const domain = (env.DOKKU_HOSTNAME || 'localhost').toLowerCase()
  if (!/^[a-z0-9]([a-z0-9.-]{0,200}[a-z0-9])?$/.test(domain)) throw bad('DOKKU_HOSTNAME', domain, 'a host name')
  const ports = {
    sshPort: port(env, 'DOKKU_SSH_PORT', 3022),
    httpPort: port(env, 'DOKKU_HTTP_PORT', 80),
    httpsPort: port(env, 'DOKKU_HTTPS_PORT', 443),
  }
  if (new Set(Object.values(ports)).size < 3)
    throw new UserError('bad-setting', 'DOKKU_SSH_PORT, DOKKU_HTTP_PORT and DOKKU_HTTPS_PORT must differ')
  return {
    name,
    hostname: domain,
    httpDoor: httpDoor(env, domain),
    ...ports,
    proxyProtocol: onOrOff(env, 'DOKKU_PROXY_PROTOCOL'),
    network,
    subnet: env.DOKKU_SUBNET || undefined,
    appMemory: appMemory(env),
    buildMemory: parseSize(env.DOKKU_BUILD_MEMORY || '2g'),
    buildCpus: positive(env, 'DOKKU_BUILD_CPUS', 1.5),
    buildCache: parseSize(env.DOKKU_BUILD_CACHE || '10g'),
    buildConcurrency: Math.ceil(positive(env, 'DOKKU_BUILD_CONCURRENCY', 2)),
    scratch: onOrOff(env, 'DOKKU_SCRATCH'),
    dataDir: '/var/lib/dokku',
    caFile: env.DOKKU_CA_FILE || '/etc/dokku/ca.crt',
  }
}

function httpDoor({ DOKKU_HTTP_DOOR: text }: NodeJS.ProcessEnv, domain: string): string | undefined {
  if (text === 'off') return undefined
  const host = hostName.safeParse(text || `dokku.${domain}`)
  if (host.success && !host.data.startsWith('*')) return host.data
  throw bad('DOKKU_HTTP_DOOR', text, 'a host name, or off')
}

function onOrOff(env: NodeJS.ProcessEnv, key: string): boolean {
  const word = env[key] || 'off'
  if (word !== 'on' && word !== 'off') throw bad(key, word, 'on or off')
  return word === 'on'
}

function port(env: NodeJS.ProcessEnv, key: string, fallback: number): number {
  const value = Number(env[key] || fallback)
  if (!Number.isInteger(value) || value < 1 || value > 65535) throw bad(key, env[key], 'a port from 1 to 65535')
  return value
}

/** Below 6 MiB the engine starts nothing. */
function appMemory({ DOKKU_APP_MEMORY: text }: NodeJS.ProcessEnv): number | undefined {
  if (!text) return undefined
  const bytes = parseSize(text)
  if (bytes !== 0 && bytes < 6 * 2 ** 20) throw bad('DOKKU_APP_MEMORY', text, 'at least 6m, or 0 for no limit')
  return bytes
}

function positive(env: NodeJS.ProcessEnv, key: string, fallback: number): number {
  const value = Number(env[key] || fallback)
  if (!Number.isFinite(value) || value <= 0) throw bad(key, env[key], 'a number above zero')
  return value
}

function bad(key: string, value: string | undefined, wanted: string): UserError {
  return new UserError('bad-setting', `${key}=${value}: expected ${wanted}`)
}
