import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ContainerCreateOptions } from 'dockerode'
import type { Docker } from '#lib/docker.ts'
import { hasStatus } from '#lib/docker.ts'
import { label } from './container.ts'
import { objectNames } from './instance.ts'
import type { Settings } from './settings.ts'

const revisionLabel = 'dokku.revision'
const root = join(import.meta.dirname, '..')
/** Of the shared library, what the appliance runs: a change elsewhere must not replace it. */
export const applianceLibrary = ['errors', 'exec', 'files'].map((name) => join(root, 'lib', `${name}.ts`))

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
      Cmd: ['appliance'],
      Env:
        network === 'host'
          ? [`APPLIANCE_HTTP_PORT=${settings.httpPort}`, `APPLIANCE_HTTPS_PORT=${settings.httpsPort}`]
          : ['APPLIANCE_HTTP_PORT=80', 'APPLIANCE_HTTPS_PORT=443'],
      HostConfig: {
        ...host,
        CapAdd: ['CHOWN', 'DAC_OVERRIDE', 'NET_BIND_SERVICE', 'SETGID', 'SETUID'],
        Binds: [`${volumes.applianceSockets}:/run/dokku/appliance`, `${volumes.appliance}:/var/lib/nginx-appliance`],
        ...(network === 'host'
          ? { NetworkMode: 'host' }
          : {
              // It joins the networks of all apps, and must be no way from one to another.
              Sysctls: { 'net.ipv4.ip_forward': '0' },
              PortBindings: Object.fromEntries(Object.entries(ports).map(([inside, port]) => [inside, [{ HostPort: String(port) }]])),
            }),
      },
      ...(network === 'host' ? {} : { ExposedPorts: { '80/tcp': {}, '443/tcp': {} } }),
    },
  }
}

/**
 * Makes sure both roles run as they should. A container whose programs and options are those of the new image stays,
 * so replacing control alone interrupts neither a login nor a request.
 */
export async function ensureRoles(engine: Docker, settings: Settings, image: string, network: 'host' | 'published'): Promise<void> {
  const names = objectNames(settings.name)
  const options = roleOptions(settings, image, network)
  await Promise.all([
    ensureRole(engine, names.gateway, options.gateway, await revision(['execd'], ['/usr/sbin/sshd', '/usr/local/bin/dokku'])),
    ensureRole(engine, names.appliance, options.appliance, await revision(['nginx'], ['/usr/sbin/nginx', ...applianceLibrary])),
  ])
}

async function ensureRole(engine: Docker, name: string, options: ContainerCreateOptions, programs: string): Promise<void> {
  const { Image: _, ...rest } = options
  const wanted = digest([programs, JSON.stringify(rest)])
  const container = engine.getContainer(name)
  try {
    const found = await container.inspect()
    if (found.Config.Labels[revisionLabel] === wanted) {
      // The engine may be starting it again at this moment.
      if (!found.State.Running) await container.start().catch(ignoreStarted)
      return
    }
    await container.stop({ t: 5 }).catch(() => undefined)
    await container.remove({ force: true })
  } catch (error) {
    if (!hasStatus(error, 404)) throw error
  }
  const created = await engine.createContainer({ ...options, name, Labels: { ...options.Labels, [revisionLabel]: wanted } })
  await created.start()
}

function ignoreStarted(error: unknown): void {
  if (!hasStatus(error, 304)) throw error
}

/** A digest of the sources and programs a role runs. */
async function revision(folders: readonly string[], programs: readonly string[]): Promise<string> {
  const sources = await Promise.all(
    folders.map(async (folder) => {
      const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true })
      return entries
        .filter((entry) => entry.isFile() && !/\.(test|contract)\.ts$|\.md$/.test(entry.name))
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
    }),
  )
  return digest(await Promise.all([...sources.flat(), ...programs].map((path) => readFile(path))))
}

function digest(parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex').slice(0, 16)
}
