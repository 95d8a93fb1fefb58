import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Container } from 'dockerode'
import { hasStatus } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import { label } from '../container.ts'
import { statusOf } from '../enter.ts'
import { type Instance, objectNames } from '../instance.ts'

/** Another instance on the same engine, for a while: nobody reaches it, and nothing in it reaches anybody. */
export interface Scratch {
  /** Gives the role `restore` a backup to make it of; UserError `not-restored` in its own words. */
  fill(input: Readable): Promise<void>
  start(): Promise<void>
  /** Runs a command of dokku's in it; answers what it printed. UserError `scratch-failed` in its own words. */
  dokku(words: readonly string[], input?: Readable): Promise<string>
  remove(): Promise<void>
}

/** By what an instance knows its own: another's name may begin as its own does, and so does that of one of these. */
const mark = (instance: string) => `proof-${createHash('sha256').update(instance).digest('hex').slice(0, 12)}-`

export function scratch(instance: Instance): Scratch {
  const { engine, image, settings } = instance
  const name = `${mark(settings.name)}${randomBytes(2).toString('hex')}`
  const socket = '/var/run/docker.sock:/var/run/docker.sock'
  const environment = [
    `DOKKU_NAME=${name}`,
    `DOKKU_HOSTNAME=${settings.hostname}`,
    'DOKKU_SCRATCH=on',
    'DOKKU_NETWORK=published',
    'DOKKU_HTTP_DOOR=off',
  ]
  const common = { Image: image, Env: environment, Labels: { dokku: '', [label.instance]: name }, Healthcheck: { Test: ['NONE'] } }

  return {
    async fill(input) {
      const container = await engine.createContainer({
        ...common,
        Cmd: ['restore', '--keys'],
        OpenStdin: true,
        StdinOnce: true,
        AttachStdin: true,
        HostConfig: { NetworkMode: 'none', Binds: [socket, `${name}:${settings.dataDir}`] },
      })
      try {
        const stream = await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true })
        const said = collected(container, stream)
        const exited = container.wait({ condition: 'next-exit' }) as Promise<{ StatusCode: number }>
        await container.start()
        await feed(input, stream, exited)
        const { StatusCode: status } = await exited
        if (status !== 0) throw new UserError('not-restored', lastWords(await said, status))
      } finally {
        await container.remove({ force: true })
      }
    },

    async start() {
      const container = await engine.createContainer({
        ...common,
        name,
        Cmd: ['control'],
        HostConfig: {
          NetworkMode: 'none',
          Binds: [socket, `${name}:${settings.dataDir}`, `${name}-gateway:/run/dokku/gateway`, `${name}-appliance:/run/dokku/appliance`],
        },
      })
      await container.start()
      try {
        await this.dokku(['health', '--wait'])
      } catch (error) {
        // Where control itself ended, what it said last is the reason.
        const { State: state } = await container.inspect()
        if (state.Running) throw error
        const log = await container.logs({ stdout: true, stderr: true, tail: 20, follow: true })
        throw new UserError('scratch-failed', lastWords(await collected(container, log), state.ExitCode))
      }
    },

    async dokku(words, input) {
      const exec = await engine
        .getContainer(name)
        .exec({ Cmd: ['dokku', ...words], AttachStdin: input !== undefined, AttachStdout: true, AttachStderr: true })
      const stream = await exec.start({ hijack: true, stdin: input !== undefined })
      const said = collected(engine.getContainer(name), stream)
      if (input !== undefined) await feed(input, stream, said)
      const both = await said
      const status = await statusOf(instance, name, exec)
      if (status !== 0) throw new UserError('scratch-failed', lastWords(both, status))
      return both.stdout
    },

    remove: () => removeScratch(instance, name),
  }
}

/** Removes those that a process of control left which is gone. */
export async function sweepScratches(instance: Instance): Promise<void> {
  const found = await instance.engine.listContainers({ all: true, filters: { label: [label.instance] } })
  const pattern = new RegExp(`^${mark(instance.settings.name)}[0-9a-f]{4}$`)
  const names = new Set(found.map(({ Labels: labels }) => labels[label.instance] ?? '').filter((name) => pattern.test(name)))
  for (const name of names) await removeScratch(instance, name)
}

async function removeScratch({ engine }: Instance, name: string): Promise<void> {
  const filters = { label: [`${label.instance}=${name}`] }
  const gone = (error: unknown) => {
    if (!hasStatus(error, 404, 409)) throw error
  }
  // Control first, so that it heals nothing while the rest goes.
  await engine.getContainer(name).remove({ force: true, v: true }).catch(gone)
  const containers = await engine.listContainers({ all: true, filters })
  await Promise.all(containers.map(({ Id: id }) => engine.getContainer(id).remove({ force: true, v: true }).catch(gone)))
  const networks = await engine.listNetworks({ filters: JSON.stringify(filters) })
  await Promise.all(networks.map(({ Id: id }) => engine.getNetwork(id).remove().catch(gone)))
  const { Volumes: labelled } = await engine.listVolumes({ filters: JSON.stringify(filters) })
  const volumes = [...(labelled ?? []).map((volume) => volume.Name), name, ...Object.values(objectNames(name).volumes)]
  for (const one of new Set(volumes)) await engine.getVolume(one).remove({ force: true }).catch(gone)
  const images = await engine.listImages({ filters: { reference: [`${name}/*`] } })
  for (const tag of images.flatMap(({ RepoTags: tags }) => tags ?? []).filter((one) => one.startsWith(`${name}/`)))
    await engine.getImage(tag).remove().catch(gone)
}

/** Hands over what comes in, to the end of that or of whoever takes it, who then says why. Throws what is wrong with what comes in. */
async function feed(input: Readable, stream: NodeJS.WritableStream, ended: Promise<unknown>): Promise<void> {
  let over = false
  const leave = ended.then(
    () => {
      over = true
    },
    () => {
      over = true
    },
  )
  // Nobody is left to be told.
  stream.on('error', () => undefined)
  for await (const chunk of input) {
    if (!over && !stream.write(chunk)) await Promise.race([once(stream, 'drain').catch(() => leave), leave])
    if (over) return
  }
  stream.end()
}

interface Said {
  stdout: string
  stderr: string
}

async function collected({ modem }: Container, stream: NodeJS.ReadableStream): Promise<Said> {
  const [out, err] = [new PassThrough(), new PassThrough()]
  modem.demuxStream(stream, out, err)
  const end = () => {
    out.end()
    err.end()
  }
  stream.once('end', end).once('close', end).once('error', end)
  const [stdout, stderr] = await Promise.all([text(out), text(err)])
  return { stdout, stderr }
}

/** What an error says, in one line. */
function lastWords({ stdout, stderr }: Said, status: number | undefined): string {
  const errors = stderr.split('\n').filter((line) => line.startsWith(' !     '))
  const said = (errors.length > 0 ? errors : [stderr.trim() || stdout.trim()]).map((line) => line.replace(/^ !\s+/, ''))
  return said.join('; ').slice(0, 400) || `it ended with status ${status} and without a word`
}
