import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Container, ContainerCreateOptions } from 'dockerode'
import type { Docker } from '#lib/docker.ts'
import { hasStatus } from '#lib/docker.ts'
import { label } from './container.ts'
import { objectNames } from './instance.ts'
import { taken } from './networks.ts'
import { finishOverlap, overlap, overlapLabel } from './overlap.ts'
import { programFiles } from './program-files.ts'
import type { Settings } from './settings.ts'

const revisionLabel = 'dokku.revision'
const root = join(import.meta.dirname, '..')
/** How long after its start control leaves an older gateway to those who are logged in. */
const patienceSeconds = 600

/** What each role runs: a change elsewhere must not replace it. The gateway becomes sshd, which runs the thin client. */
export const rolePrograms = {
  gateway: async () => [...(await programFiles(join(root, 'execd/gateway.ts'))), '/usr/sbin/sshd', '/usr/local/bin/dokku'],
  appliance: async () => [...(await programFiles(join(root, 'nginx/main.ts'))), ...(await luaFiles()), '/usr/sbin/nginx'],
}

async function luaFiles(): Promise<string[]> {
  const dir = join(root, 'nginx/lua')
  return (await readdir(dir)).sort().map((name) => join(dir, name))
}

/** The two containers that control starts and heals, as the engine should have them. Pure. */
export function roleOptions(
  settings: Settings,
  image: string,
  network: 'host' | 'published',
): Record<'gateway' | 'appliance', ContainerCreateOptions> {
  const { volumes } = objectNames(settings.name)
  const common = {
    Image: image,
    Healthcheck: { Test: ['NONE'] },
    Labels: { dokku: '', [label.instance]: settings.name },
  }
  const host = {
    RestartPolicy: { Name: 'always' },
    SecurityOpt: ['no-new-privileges'],
    CapDrop: ['ALL'],
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
  }
  const ports = { '80/tcp': settings.httpPort, '443/tcp': settings.httpsPort }
  return {
    gateway: {
      ...common,
      Cmd: ['gateway'],
      User: '12345:22022',
      ExposedPorts: { '2222/tcp': {} },
      HostConfig: {
        ...host,
        ReadonlyRootfs: true,
        Tmpfs: { '/tmp': 'size=1m' },
        Binds: [`${volumes.gatewaySockets}:/run/dokku/gateway:ro`, `${volumes.hostKeys}:/var/lib/execd`],
        PortBindings: { '2222/tcp': [{ HostPort: String(settings.sshPort) }] },
      },
    },
    appliance: {
      ...common,
      Labels: { ...common.Labels, ...(network === 'host' ? { [overlapLabel]: '' } : {}) },
      Cmd: ['appliance'],
      Env: [
        ...(network === 'host'
          ? [`APPLIANCE_HTTP_PORT=${settings.httpPort}`, `APPLIANCE_HTTPS_PORT=${settings.httpsPort}`]
          : ['APPLIANCE_HTTP_PORT=80', 'APPLIANCE_HTTPS_PORT=443', `APPLIANCE_PUBLIC_HTTPS_PORT=${settings.httpsPort}`]),
        ...(settings.proxyProtocol ? ['APPLIANCE_PROXY_PROTOCOL=on'] : []),
      ],
      HostConfig: {
        ...host,
        CapAdd: ['CHOWN', 'DAC_OVERRIDE', 'NET_BIND_SERVICE', 'SETGID', 'SETUID'],
        Binds: [`${volumes.applianceSockets}:/run/dokku/appliance`, `${volumes.appliance}:/var/lib/nginx-appliance`],
        ...(network === 'host'
          ? { NetworkMode: 'host' }
          : {
              // It joins the networks of all apps, and must be no way from one to another.
              Sysctls: { 'net.ipv4.ip_forward': '0' },
              PortBindings: settings.scratch
                ? {}
                : Object.fromEntries(Object.entries(ports).map(([inside, port]) => [inside, [{ HostPort: String(port) }]])),
            }),
      },
      ...(network === 'host' ? {} : { ExposedPorts: { '80/tcp': {}, '443/tcp': {} } }),
    },
  }
}

/**
 * Makes sure both roles run as they should. A container whose programs and options are those of the new image stays,
 * so replacing control alone interrupts neither a login nor a request. An older gateway stays while somebody is logged in,
 * for `patienceSeconds` of this process at most: commands that waited for control would go with it. False when it was left so.
 */
export async function ensureRoles(engine: Docker, settings: Settings, image: string, network: 'host' | 'published'): Promise<boolean> {
  const names = objectNames(settings.name)
  const options = roleOptions(settings, image, network)
  const patient = process.uptime() < patienceSeconds
  const [done] = await Promise.all([
    settings.scratch || ensureRole(engine, names.gateway, options.gateway, await rolePrograms.gateway(), (one) => patient && isUsed(one)),
    ensureRole(
      engine,
      names.appliance,
      options.appliance,
      await rolePrograms.appliance(),
      undefined,
      network === 'host' ? overlap : undefined,
    ),
  ])
  return done
}

/** False when the container is of an older image and `leave` says that it may not be replaced now. */
async function ensureRole(
  engine: Docker,
  name: string,
  options: ContainerCreateOptions,
  programs: readonly string[],
  leave?: (container: Container) => boolean | Promise<boolean>,
  replace?: typeof overlap,
): Promise<boolean> {
  const { Image: _, ...rest } = options
  const wanted = digest([...(await Promise.all(programs.map((path) => readFile(path)))), JSON.stringify(rest)])
  const container = engine.getContainer(name)
  const create = (as: string) => engine.createContainer({ ...options, name: as, Labels: { ...options.Labels, [revisionLabel]: wanted } })
  if (replace !== undefined) await finishOverlap(engine, name, options.Labels?.[label.instance] ?? '')
  try {
    const found = await container.inspect()
    if (found.Config.Labels[label.instance] !== options.Labels?.[label.instance]) throw taken('container', name)
    if (found.Config.Labels[revisionLabel] === wanted) {
      // The engine may be starting it again at this moment.
      if (!found.State.Running) await container.start().catch(ignoreStarted)
      return true
    }
    if (found.State.Running && (await leave?.(container))) return false
    if (replace !== undefined && found.State.Running && overlapLabel in found.Config.Labels) {
      await replace(name, engine.getContainer(found.Id), await create(`${name}.next`))
      return true
    }
    await container.stop({ t: 5 }).catch(() => undefined)
    await container.remove({ force: true })
  } catch (error) {
    if (!hasStatus(error, 404)) throw error
  }
  const created = await create(name)
  await created.start()
  return true
}

/** Is a session open in a gateway? Not as far as we know, where the machine has no ps for the engine to ask. */
async function isUsed(gateway: Container): Promise<boolean> {
  const processes = await gateway.top().then(
    (answer: { Processes: string[][] }) => answer.Processes,
    () => [],
  )
  return processes.some((columns) => columns.at(-1)?.startsWith('sshd-session: dokku'))
}

function ignoreStarted(error: unknown): void {
  if (!hasStatus(error, 304)) throw error
}

function digest(parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex').slice(0, 16)
}
