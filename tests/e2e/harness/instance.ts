import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExecOptions, ExecResult } from '#lib/exec.ts'
import { type Client, client } from './client.ts'
import { type Engine, engine as hostEngine, removeInstance } from './engine.ts'
import { type Answer, type Ask, ask } from './http.ts'
import { attempt, freePort, ok, scratch } from './programs.ts'

/** What an instance of the tests is made of; all of it goes with `remove`. */
export interface Instance extends Client {
  readonly name: string
  readonly engine: Engine
  readonly image: string
  readonly hostname: string
  /** The settings that control was started with. */
  readonly env: Record<string, string>
  readonly ports: Readonly<Record<'ssh' | 'http' | 'https', number>>
  /** A scratch directory with the instance's key pair in `id` and `id.pub`. */
  readonly dir: string
  /** Runs `dokku WORDS` as the local administrator, by docker exec. */
  admin(words: readonly string[], options?: Pick<ExecOptions, 'input'>): Promise<ExecResult>
  /** Where an app is found over HTTP. */
  target(app: string, path?: string): Ask
  fetch(app: string, path?: string, options?: Partial<Ask>): Promise<Answer>
  /** Runs a sample app's own `check` against the deployed app. */
  check(sample: string, app: string): Promise<ExecResult>
  remove(): Promise<void>
}

export interface InstanceOptions {
  /** What the story is about: part of the name. */
  suffix: string
  env?: Record<string, string>
  engine?: Engine
  image?: string
  /** Starts control and waits until it is healthy; default: the README's `docker run` line. */
  start?: (plan: Plan) => Promise<void>
}

/** All that is decided before an instance is started. */
export interface Plan {
  name: string
  image: string
  engine: Engine
  env: Record<string, string>
  dir: string
}

/** Starts an instance under a name and ports of its own, with a registered admin key, and waits until it is healthy. */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const { engine = hostEngine(), suffix, start = runByHand } = options
  const image = options.image ?? requireImage()
  const name = `${process.env.DOKKU_TEST_PREFIX ?? 'e2e'}-${suffix}-${randomBytes(2).toString('hex')}`
  const hostname = `${suffix}.e2e.test`
  const ports = { ssh: await freePort(), http: await freePort(), https: await freePort() }
  const { dir, remove: removeDir } = await scratch()
  const env = {
    DOKKU_NAME: name,
    DOKKU_HOSTNAME: hostname,
    DOKKU_SSH_PORT: String(ports.ssh),
    DOKKU_HTTP_PORT: String(ports.http),
    DOKKU_HTTPS_PORT: String(ports.https),
    ...options.env,
  }
  const admin: Instance['admin'] = (words, given = {}) => engine.docker(['exec', '--interactive', name, 'dokku', ...words], given)
  const remove = async () => {
    await removeInstance(engine, name)
    await removeDir()
  }
  const target = (app: string, path = '/'): Ask => ({ address: engine.address, port: ports.http, host: `${app}.${hostname}`, path })
  try {
    await start({ name, image, engine, env, dir })
    const door = await client({ dir, address: engine.address, port: ports.ssh })
    ok(await admin(['ssh-keys:add', 'ada'], { input: door.publicKey }))
    return {
      ...door,
      name,
      engine,
      image,
      hostname,
      env,
      ports,
      dir,
      admin,
      target,
      fetch: (app, path, given = {}) => ask({ ...target(app, path), ...given }),
      check: (sample, app) =>
        attempt([
          join(import.meta.dirname, '../../apps', sample, 'check'),
          `http://${engine.address}:${ports.http}`,
          `${app}.${hostname}:${ports.http}`,
        ]),
      remove,
    }
  } catch (error) {
    const said = await engine.docker(['logs', '--tail', '40', name])
    await remove()
    throw new Error(`${name} did not start: ${said.stdout}${said.stderr}`, { cause: error })
  }
}

/** The README's `docker run` line, with the CA of the machine put in between create and start where it has one. */
export async function runByHand({ name, image, engine, env, dir }: Plan): Promise<void> {
  const volumes = {
    '/var/run/docker.sock': '/var/run/docker.sock',
    [name]: '/var/lib/dokku',
    [`${name}-gateway`]: '/run/dokku/gateway',
    [`${name}-appliance`]: '/run/dokku/appliance',
  }
  ok(
    await engine.docker([
      'create',
      ...['--name', name, '--restart', 'always', '--label', `dokku.instance=${name}`],
      ...Object.entries(volumes).flatMap(([from, to]) => ['--volume', `${from}:${to}`]),
      ...Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
      image,
    ]),
  )
  await copyCa(engine, name, dir)
  ok(await engine.docker(['start', name]))
  await untilHealthy(engine, name)
}

/** Gives control the CA bundle that the tests themselves were given, so that builds can reach package registries. */
export async function copyCa(engine: Engine, name: string, dir: string): Promise<void> {
  const bundle = process.env.DOKKU_CA_FILE || '/etc/dokku/ca.crt'
  if (!existsSync(bundle)) return
  await mkdir(join(dir, 'dokku'), { recursive: true })
  await cp(bundle, join(dir, 'dokku', 'ca.crt'), { dereference: true })
  ok(await engine.docker(['cp', join(dir, 'dokku'), `${name}:/etc/`]))
}

/** Control's first word comes once its daemon listens; until then the thin client waits. */
export async function untilHealthy(engine: Engine, name: string): Promise<void> {
  ok(await engine.docker(['exec', name, 'dokku', 'health', '--wait']))
}

function requireImage(): string {
  const image = process.env.DOKKU_IMAGE
  if (image === undefined || image === '') throw new Error('DOKKU_IMAGE names the image under test: run these tests by scripts/test')
  return image
}
