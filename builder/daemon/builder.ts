import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { BuildLog, readLog } from '#lib/build-log.ts'
import type { Docker } from '#lib/docker.ts'
import { messageOf, UserError } from '#lib/errors.ts'
import { lock } from '#lib/lock.ts'
import { type Output, output } from '#lib/output.ts'
import { unpack } from '#lib/unpack.ts'
import type { BuildLimits, Registries } from '../driver.ts'
import type { BuilderHooks } from '../drivers/plugin.ts'
import { selectDriver } from '../drivers.ts'
import { pushImage } from '../registry/push.ts'
import { treeLimits } from '../tree.ts'
import { nameImages, removeImages } from './images.ts'
import { type Job, Jobs, type Wanted } from './jobs.ts'
import { Queue, type QueueLimits } from './queue.ts'

export interface BuilderOptions {
  /** Jobs, logs, and trees while they are built. */
  state: string
  queue: QueueLimits
  /** What names of images begin with: `builder` gives `builder/NAME:COMMIT`. */
  prefix: string
  /** Are images pushed to the registry that the prefix names? */
  push: boolean
  /** Ended jobs that are kept, with their logs and the images of their commits. */
  keep: number
  /** How long a build may take from its turn on, in seconds. */
  timeout: number
  ca?: string
  /** An image of Debian with apt. */
  debian?: string
  limits?: BuildLimits
  /** How plugins take part. */
  plugins?: BuilderHooks
  /** Asked anew for every build. */
  logins(): Promise<Registries>
}

interface Live {
  readonly log: BuildLog
  readonly stop: AbortController
  readonly ended: Promise<void>
}

/** What those who push can ask for. */
const advice = {
  memory: 'whoever runs the builder raises it with --memory',
  secret: () => 'a build by push has no secrets: builder build gives them with --env',
}

/** Builds trees one after another, and remembers what came of it. */
export class Builder {
  readonly #engine: Docker
  readonly #options: BuilderOptions
  readonly #queue: Queue
  readonly #jobs: Jobs
  readonly #live = new Map<number, Live>()
  #stopping: UserError | undefined

  private constructor(engine: Docker, options: BuilderOptions, jobs: Jobs) {
    this.#engine = engine
    this.#options = options
    this.#queue = new Queue(options.queue)
    this.#jobs = jobs
  }

  static async open(engine: Docker, options: BuilderOptions): Promise<Builder> {
    await mkdir(options.state, { recursive: true, mode: 0o700 })
    // For as long as we live; whoever comes after us gets it from the kernel.
    if (lock(join(options.state, 'lock'), 0) === undefined)
      throw new UserError('state-in-use', `another builder serves with ${options.state}`, {
        hint: 'give this one a --state and a --socket of its own',
      })
    // Trees of a builder that was killed.
    await rm(join(options.state, 'trees'), { recursive: true, force: true })
    return new Builder(engine, options, await Jobs.open(join(options.state, 'jobs')))
  }

  /** The oldest first. */
  get jobs(): readonly Job[] {
    return this.#jobs.all
  }

  /** UserError `no-such-job`. */
  job(id: number): Job {
    return this.#jobs.get(id)
  }

  /** Takes a tree, as a tar that is read when its turn has come. UserError `queue-full`. */
  async accept(wanted: Wanted, archive: Readable): Promise<Job> {
    if (this.#stopping !== undefined) throw this.#stopping
    const turn = this.#queue.take(wanted.name)
    try {
      const { prefix } = this.#options
      const job = await this.#jobs.add(wanted, `${prefix}/${wanted.name}:${wanted.revision.slice(0, 12)}`)
      const log = new BuildLog(this.#jobs.log(job.id))
      const stop = new AbortController()
      const say = output(
        (text) => log.write(text),
        (text) => log.write(text),
      )
      if (turn.ahead > 0) say.detail(`Waiting: ${turn.ahead} ${turn.ahead === 1 ? 'build is' : 'builds are'} before this one`)
      const ended = turn
        .come(stop.signal)
        .then(() => this.#run(job, archive, say, stop.signal).finally(turn.leave))
        .catch((error: unknown) => this.#failed(job, error, say, stop.signal))
        .finally(() => {
          log.end()
          this.#live.delete(job.id)
        })
      this.#live.set(job.id, { log, stop, ended })
      if (this.#stopping !== undefined) stop.abort(this.#stopping)
      return job
    } catch (error) {
      turn.leave()
      throw error
    }
  }

  /** Gives what a job said, and with `follow` what it goes on to say until it ends. UserError `no-such-job`. */
  async read(id: number, write: (text: string) => void, { follow, signal }: { follow: boolean; signal: AbortSignal }): Promise<void> {
    const live = this.#live.get(this.job(id).id)
    if (live === undefined || !follow) return await readLog(this.#jobs.log(id), write)
    await live.log.follow(write, signal)
    if (!signal.aborted) await live.ended
  }

  /** Ends a job; resolves when it has ended. UserError `no-such-job`, `job-ended`. */
  async cancel(id: number, why: string): Promise<void> {
    const { status } = this.job(id)
    const live = this.#live.get(id)
    if (live === undefined) throw new UserError('job-ended', `job ${id} has ended already: ${status}`)
    live.stop.abort(new UserError('build-cancelled', why))
    await live.ended
  }

  /** Takes no more, ends what there is. */
  async stop(): Promise<void> {
    this.#stopping = new UserError('build-cancelled', 'the builder is being stopped', { hint: 'push again once it is back' })
    for (const { stop } of this.#live.values()) stop.abort(this.#stopping)
    await Promise.all([...this.#live.values()].map(({ ended }) => ended))
  }

  async #run(accepted: Job, archive: Readable, say: Output, stop: AbortSignal): Promise<void> {
    const { state, timeout, ca, debian, limits, push, prefix, keep } = this.#options
    const job = await this.#jobs.put({ ...accepted, status: 'building', started: new Date().toISOString() })
    const own = join(state, 'trees', String(job.id))
    // Plugins know what they build by the name of its folder.
    const dir = join(own, job.name)
    const late = AbortSignal.timeout(timeout * 1000)
    const signal = AbortSignal.any([stop, late])
    try {
      await mkdir(dir, { recursive: true, mode: 0o700 })
      const registries = await this.#options.logins()
      await receive(archive, dir, signal)
      const source = { dir }
      const { driver, others } = await selectDriver(source, this.#options.plugins)
      say.step(`Building ${job.name} with ${driver.name}`)
      for (const { name, summary } of others)
        say.detail(`${name} would do too, for there is ${summary}: "builder": "${name}" in app.json selects it`)
      const {
        imageId,
        processes = {},
        services = {},
      } = await driver.build(
        {
          ...{ source, image: job.image, output: say, signal, registries, cacheKey: job.name, advice },
          labels: { 'builder.name': job.name, 'org.opencontainers.image.revision': job.revision },
          ...(ca !== undefined && { ca }),
          ...(debian !== undefined && { debian }),
          ...(limits !== undefined && { limits }),
        },
        this.#engine,
      )
      for (const [type, command] of Object.entries(processes)) say.detail(`${type}: ${command ?? "the image's own command"}`)
      const names = await nameImages(this.#engine, job.image, { imageId, services })
      if (push)
        for (const [name, image] of names.all) {
          say.step(`Pushing ${name}`)
          await pushImage(this.#engine, { image, name }, say, { registries, signal })
        }
      await this.#jobs.put({ ...job, others: names.others, status: 'succeeded', imageId, ended: new Date().toISOString() })
      say.result(`${prefix}/${job.name} is ${imageId}`)
    } catch (error) {
      if (late.aborted && !stop.aborted)
        throw new UserError('build-aborted', `the build took longer than ${timeout} seconds and was stopped`, { cause: error })
      throw error
    } finally {
      await rm(own, { recursive: true, force: true })
      await this.#forget(keep).catch((error: unknown) => say.warn(`what is old could not be removed: ${messageOf(error)}`))
    }
  }

  async #failed({ id }: Job, error: unknown, say: Output, stop: AbortSignal): Promise<void> {
    // What stopped it says more than what failed of it.
    const cause: unknown = stop.aborted ? stop.reason : error
    const reason = messageOf(cause)
    say.warn(reason)
    if (cause instanceof UserError && cause.hint !== undefined) say.warn(cause.hint)
    const status = stop.aborted ? 'cancelled' : 'failed'
    await this.#jobs.put({ ...this.job(id), status, reason, ended: new Date().toISOString() }).catch((again: unknown) => {
      say.warn(`how it ended could not be kept: ${messageOf(again)}`)
    })
  }

  /** Forgets old jobs and their images. */
  async #forget(keep: number): Promise<void> {
    const gone = await this.#jobs.prune(keep)
    await removeImages(this.#engine, gone, this.jobs)
  }
}

/** Unpacks a tree, as long as nobody stops it. */
async function receive(archive: Readable, dir: string, signal: AbortSignal): Promise<void> {
  const stop = () => archive.destroy(new Error('stopped'))
  signal.addEventListener('abort', stop, { once: true })
  try {
    signal.throwIfAborted()
    await unpack(archive, dir, treeLimits)
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
