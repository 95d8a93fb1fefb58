import { randomBytes } from 'node:crypto'
import type { Container, ContainerCreateOptions } from 'dockerode'
import { hasStatus } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import { freeAddress, leaseAddress } from './addresses.ts'
import type { App } from './app.ts'
import { containerOptions, label } from './container.ts'
import { groundOf } from './containers.ts'
import { type Context, followed, when } from './context.ts'
import { pluginOptions } from './docker-args.ts'
import { globalConfigArgs } from './global-config.ts'
import { containerName } from './instance.ts'
import { maxSizeOf } from './logs/max-size.ts'
import { makeContainer } from './make-container.ts'
import { killedForMemory } from './memory.ts'
import { followSize, relay } from './relay.ts'
import type { Release } from './release.ts'
import { expireSoon } from './runs.ts'

/** A one-off command of an app: what to run, what is added to its environment, and how long it may take. */
export interface OneOff {
  words: readonly string[]
  env: Record<string, string>
  ttlSeconds: number | undefined
}

/** Runs a command in a new container of a release, with the session's streams; answers its exit status. It goes with its caller, and with control. */
export async function runOneOff(app: App, release: Release, oneOff: OneOff & { tty: boolean }, context: Context): Promise<number> {
  const { instance, session } = context
  const terminal = oneOff.tty ? session.header.terminal : undefined
  const tty = terminal !== undefined
  const env = { ...(terminal === undefined ? {} : { TERM: terminal.term }), ...oneOff.env }
  const { container, start, name, remove } = await createRun(
    app,
    release,
    { ...oneOff, env },
    {
      Labels: { [label.session]: instance.session },
      ...streams(terminal),
    },
  )
  try {
    const begin = async () => {
      await start()
      expireSoon(instance, container.id, oneOff.ttlSeconds)
    }
    const status = await attend(container, begin, { program: oneOff.words[0] ?? '', tty }, context)
    const killed = status === 0 ? undefined : await killedForMemory(instance.engine, container.id)
    if (killed !== undefined) context.output.warn(`${name} ${killed}`)
    return status
  } finally {
    await remove()
  }
}

/** How a container is made that has the session's streams, with a terminal or without. */
export function streams(terminal: { rows: number; columns: number } | undefined) {
  return {
    Tty: terminal !== undefined,
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: terminal === undefined ? {} : { ConsoleSize: [terminal.rows, terminal.columns] as [number, number] },
  }
}

/** Starts a container that was made with its input open, gives it the session's streams, and answers its exit status. It goes with its caller, and with control. */
export async function attend(
  container: Container,
  start: () => Promise<unknown>,
  { program, tty }: { program: string; tty: boolean },
  context: Context,
): Promise<number> {
  const { session } = context
  const stream = await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true })
  const relayed = relay(session, stream, { program, tty })
  // Nobody waits for it where the container does not start.
  relayed.catch(() => undefined)
  const resized = followSize(session, (rows, columns) => container.resize({ h: rows, w: columns }))
  session.onSignal((signal) => void container.kill({ signal }).catch(() => undefined))
  await start()
  when(followed(context), () => void container.kill().catch(() => undefined))
  if (tty) await resized()
  const { StatusCode: status } = (await container.wait({ condition: 'not-running' })) as { StatusCode: number }
  await relayed
  assertStays(context, tty)
  return status
}

/** Starts a command in a new container of a release and leaves it; answers the container's name. */
export async function runDetached(app: App, release: Release, oneOff: OneOff): Promise<string> {
  const { container, start, name, remove } = await createRun(app, release, oneOff, {})
  try {
    await start()
  } catch (error) {
    await remove()
    throw error
  }
  expireSoon(app.instance, container.id, oneOff.ttlSeconds)
  return name
}

/** Makes a one-off container, not started; `env` is what its command may know. */
export async function createRun(app: App, release: Release, oneOff: OneOff, more: ContainerCreateOptions) {
  const { instance } = app
  const index = randomBytes(3).toString('hex')
  const name = containerName(instance.settings.name, app.name, 'run', index)
  const tag = `v${release.version}`
  const args = [...globalConfigArgs(app, 'run'), ...(await pluginOptions(app, release.options, { phase: 'run', tag }))]
  const planned = { ...release, args, config: { ...release.config, ...oneOff.env } }
  const { image, network, links } = await groundOf(app, planned)
  const options = {
    instance: instance.settings.name,
    app: { id: app.id, name: app.name },
    release: planned,
    image: image('run'),
    process: 'run',
    index,
    spec: '',
    network: network.name,
    address: leaseAddress(instance.db, network.subnet, name),
    memory: instance.appMemory,
    logBytes: maxSizeOf(app),
    env: oneOff.env,
  }
  const remove = async (container?: Container) => {
    await container?.remove({ force: true, v: true }).catch((error: unknown) => {
      if (!hasStatus(error, 404, 409)) throw error
    })
    freeAddress(instance.db, options.address)
  }
  try {
    const made = containerOptions(options)
    const own = {
      ...made,
      ...more,
      name,
      Cmd: [...oneOff.words],
      Labels: {
        ...made.Labels,
        ...more.Labels,
        ...(oneOff.ttlSeconds === undefined ? {} : { [label.ttl]: String(oneOff.ttlSeconds) }),
      },
      HostConfig: { ...made.HostConfig, ...more.HostConfig },
    }
    const { container, start } = await makeContainer(app, planned, { phase: 'run', process: 'run', options: own, links })
    return { container, start, name, env: made.Env ?? [], address: options.address, remove: () => remove(container) }
  } catch (error) {
    await remove()
    throw error
  }
}

/** A command that ended because control stops says so, below whatever its terminal shows: UserError `control-stops`, exit status 75. */
export function assertStays({ instance, session }: Pick<Context, 'instance' | 'session'>, tty: boolean): void {
  if (!instance.stopping.aborted) return
  if (tty) session.stderr.write('\r\n')
  throw new UserError('control-stops', 'dokku is being restarted or replaced, and this command ended with it: type it again', {
    exitCode: 75,
  })
}
