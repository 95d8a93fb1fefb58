import { randomBytes } from 'node:crypto'
import { finished } from 'node:stream/promises'
import type { Session } from '#execd'
import { hasStatus } from '#lib/docker.ts'
import { freeAddress, leaseAddress } from './addresses.ts'
import type { App } from './app.ts'
import { containerOptions, label } from './container.ts'
import { networkOf } from './containers.ts'
import { whenGone } from './context.ts'
import { containerName, type Instance } from './instance.ts'
import type { Release } from './release.ts'

/** A one-off command of an app: what to run, and what is added to its environment. */
export interface OneOff {
  words: string[]
  env: Record<string, string>
  tty: boolean
}

/** Runs a command in a new container of a release, with the session's streams; answers its exit status. */
export async function runOneOff(app: App, release: Release, oneOff: OneOff, session: Session): Promise<number> {
  const { instance } = app
  const index = randomBytes(3).toString('hex')
  const name = containerName(instance.settings.name, app.name, 'run', index)
  const network = await networkOf(instance, app.id)
  const address = leaseAddress(instance.db, network.subnet, name)
  const tty = oneOff.tty && session.header.terminal !== undefined
  try {
    const options = containerOptions({
      instance: instance.settings.name,
      app: { id: app.id, name: app.name },
      release: { ...release, config: { ...release.config, ...oneOff.env } },
      image: await instance.engine.getImage(release.image).inspect(),
      process: 'run',
      index,
      spec: '',
      network: network.name,
      address,
    })
    const container = await instance.engine.createContainer({
      ...options,
      name,
      Labels: { ...options.Labels, [label.session]: instance.session },
      Cmd: oneOff.words,
      Tty: tty,
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    })
    try {
      const stream = await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true })
      const resize = (rows: number, columns: number) => container.resize({ h: rows, w: columns })
      const copied = copy(instance, session, stream, { tty, resize })
      session.onSignal((signal) => void container.kill({ signal: `SIG${signal.replace(/^SIG/, '')}` }).catch(() => undefined))
      await container.start()
      whenGone(session, () => void container.kill().catch(() => undefined))
      if (tty) await setSize(session, resize)
      const { StatusCode } = (await container.wait({ condition: 'not-running' })) as { StatusCode: number }
      await copied
      return StatusCode
    } finally {
      await container.remove({ force: true, v: true }).catch((error: unknown) => {
        if (!hasStatus(error, 404, 409)) throw error
      })
    }
  } finally {
    freeAddress(instance.db, address)
  }
}

/** Runs a command inside a container that runs, with the session's streams; answers its exit status. */
export async function enterContainer(instance: Instance, id: string, words: string[], session: Session): Promise<number> {
  const tty = session.header.terminal !== undefined
  const exec = await instance.engine.getContainer(id).exec({
    Cmd: words,
    Tty: tty,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    ...(session.header.terminal === undefined ? {} : { Env: [`TERM=${session.header.terminal.term}`] }),
  })
  const stream = await exec.start({ hijack: true, stdin: true, Tty: tty })
  const resize = (rows: number, columns: number) => exec.resize({ h: rows, w: columns })
  if (tty) await setSize(session, resize)
  whenGone(session, () => stream.destroy())
  await copy(instance, session, stream, { tty, resize })
  const { ExitCode } = await exec.inspect()
  return ExitCode ?? 1
}

type Resize = (rows: number, columns: number) => Promise<unknown>

/** Copies both ways until the engine's stream ends. A terminal's output is one raw stream, otherwise it is demultiplexed. */
async function copy(
  instance: Instance,
  session: Session,
  stream: NodeJS.ReadWriteStream,
  { tty, resize }: { tty: boolean; resize: Resize },
): Promise<void> {
  session.stdin.pipe(stream)
  if (tty) {
    session.raw()
    session.onResize((rows, columns) => void resize(rows, columns).catch(() => undefined))
    stream.pipe(session.stdout, { end: false })
  } else instance.engine.modem.demuxStream(stream, session.stdout, session.stderr)
  await finished(stream, { writable: false }).catch(() => undefined)
}

async function setSize(session: Session, resize: Resize): Promise<void> {
  const { terminal } = session.header
  if (terminal !== undefined) await resize(terminal.rows, terminal.columns).catch(() => undefined)
}

/** The label filter that finds one-off containers. */
export const oneOffLabels = { [label.type]: 'run' }
