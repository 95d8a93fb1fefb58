import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Exec } from 'dockerode'
import { hasStatus } from '#lib/docker.ts'
import { label } from './container.ts'
import { type Context, followed, when } from './context.ts'
import type { Instance } from './instance.ts'
import { assertStays } from './one-off.ts'
import { pledge, pledged, redeem } from './pledges.ts'
import { followSize, relay } from './relay.ts'

/** The variable that marks what somebody runs inside a container: the engine itself never ends an exec. */
const markVariable = 'DOKKU_ENTERED'

/**
 * Runs a command inside a container that runs, with the session's streams; answers its exit status. When the caller
 * goes, so does the command, with all it started; when control dies, the next one ends it.
 */
export async function enterContainer(id: string, words: readonly string[], context: Context): Promise<number> {
  const { instance, session } = context
  const { terminal } = session.header
  const tty = terminal !== undefined
  const mark = `${instance.session}.${randomBytes(6).toString('hex')}`
  const exec = await instance.engine.getContainer(id).exec({
    Cmd: [...words],
    Tty: tty,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Env: [`${markVariable}=${mark}`, ...(tty ? [`TERM=${terminal.term}`] : [])],
  })
  pledge(instance.db, 'entered', mark, id)
  try {
    const size = tty ? { ConsoleSize: [terminal.rows, terminal.columns] } : {}
    const stream = await exec.start({ hijack: true, stdin: true, Tty: tty, ...size })
    when(followed(context), () => void hangUp(instance, id, mark).finally(() => stream.destroy()))
    const resized = followSize(session, (rows, columns) => exec.resize({ h: rows, w: columns }))
    await Promise.all([relay(session, stream, { program: words[0] ?? '', tty }), tty && resized()])
    const status = await statusOf(instance, id, exec)
    assertStays(context, tty)
    return status
  } finally {
    redeem(instance.db, 'entered', mark)
  }
}

/** Part of the full pass: ends what was entered by way of an earlier process of control. */
export async function sweepEntered(instance: Instance): Promise<void> {
  for (const { key: mark, value: container } of pledged(instance.db, 'entered')) {
    if (mark.startsWith(`${instance.session}.`)) continue
    await hangUp(instance, container, mark)
    redeem(instance.db, 'entered', mark)
  }
}

/**
 * Ends what runs with a mark in a container: from a container of ours that sees its processes, because the engine has no
 * way to end an exec, and the app's image may hold no program that could.
 */
async function hangUp(instance: Instance, container: string, mark: string): Promise<void> {
  try {
    const helper = await instance.engine.createContainer({
      Image: instance.image,
      Entrypoint: ['node', '/opt/dokku/dokku/hang-up.ts'],
      Cmd: [markVariable, mark],
      User: '0:0',
      Healthcheck: { Test: ['NONE'] },
      Labels: { [label.instance]: instance.settings.name, [label.session]: instance.session },
      HostConfig: {
        PidMode: `container:${container}`,
        NetworkMode: 'none',
        ReadonlyRootfs: true,
        CapDrop: ['ALL'],
        // To find the mark in processes of whichever user, and to end them.
        CapAdd: ['DAC_READ_SEARCH', 'KILL', 'SYS_PTRACE'],
        SecurityOpt: ['no-new-privileges'],
      },
    })
    try {
      await helper.start()
      await helper.wait()
    } finally {
      await helper.remove({ force: true })
    }
  } catch (error) {
    // Where the container itself is gone, nothing is left to end.
    const runs = await instance.engine
      .getContainer(container)
      .inspect()
      .then(({ State }) => State.Running)
      .catch((cause: unknown) => !hasStatus(cause, 404))
    if (runs) instance.log.error({ err: error, container }, 'could not end what was entered')
  }
}

/** The exit status; the stream may end before the engine has noted it, or long before where the program closed its output. */
export async function statusOf({ engine }: Pick<Instance, 'engine'>, container: string, exec: Exec): Promise<number> {
  const ended = (await engine.getEvents({ filters: { container: [container], event: ['exec_die'] } })) as Readable
  const events = createInterface({ input: ended })[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { Running, ExitCode } = await exec.inspect()
      if (!Running) return ExitCode ?? 1
      await events.next()
    }
  } finally {
    ended.destroy()
  }
}
