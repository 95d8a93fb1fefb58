import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { UserError } from '#lib/errors.ts'
import { writeWhole } from '#lib/files.ts'

/** Whose tree becomes which image. */
export const wanted = z.object({
  /** What is built: the repository of a push. */
  name: z
    .string()
    .max(63)
    .regex(/^[a-z0-9]+(-+[a-z0-9]+)*$/, 'is no name of an image: small letters, digits, and dashes between them'),
  /** The commit. */
  revision: z.string().regex(/^[0-9a-f]{7,64}$/, 'is no commit'),
  user: z.string().max(100).default(''),
  fingerprint: z.string().max(100).default(''),
})
export type Wanted = z.infer<typeof wanted>

export const job = wanted.extend({
  id: z.int().positive(),
  image: z.string(),
  /** Those of other services, where the tree is of several. */
  others: z.array(z.string()).default([]),
  status: z.enum(['waiting', 'building', 'succeeded', 'failed', 'cancelled', 'interrupted']),
  /** The image's id, once it is built. */
  imageId: z.string().optional(),
  /** What ended it, where it did not succeed. */
  reason: z.string().optional(),
  created: z.iso.datetime(),
  started: z.iso.datetime().optional(),
  ended: z.iso.datetime().optional(),
})
/** A build of the daemon, as it is kept. */
export type Job = z.infer<typeof job>

/** What tells how a job ended, after what it said: in the same answer, for a daemon that stops answers no other one. */
export const statusTrailer = 'x-builder-status'

/** Jobs that are kept, each as a file of JSON and one of what was said, in a folder. */
export class Jobs {
  readonly #dir: string
  readonly #jobs = new Map<number, Job>()
  #last = 0

  private constructor(dir: string) {
    this.#dir = dir
  }

  /** What a daemon before this one left: those that it had not ended are interrupted. */
  static async open(dir: string): Promise<Jobs> {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const jobs = new Jobs(dir)
    const ids = (await readdir(dir)).flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? []).map(Number)
    for (const id of ids.sort((a, b) => a - b)) {
      const found = job.parse(JSON.parse(await readFile(jobs.#file(id), 'utf8')))
      jobs.#jobs.set(id, found)
      jobs.#last = id
      if (found.ended === undefined)
        await jobs.put({ ...found, status: 'interrupted', reason: 'the builder ended', ended: new Date().toISOString() })
    }
    return jobs
  }

  /** The oldest first. */
  get all(): readonly Job[] {
    return [...this.#jobs.values()]
  }

  /** UserError `no-such-job`. */
  get(id: number): Job {
    const found = this.#jobs.get(id)
    if (found === undefined) throw new UserError('no-such-job', `there is no job ${id}`, { hint: 'builder jobs' })
    return found
  }

  async add(wanted: Wanted, image: string): Promise<Job> {
    const id = ++this.#last
    try {
      return await this.put({ ...wanted, id, image, others: [], status: 'waiting', created: new Date().toISOString() })
    } catch (error) {
      // Nobody waits for a job that could not be kept.
      this.#jobs.delete(id)
      throw error
    }
  }

  /** Keeps a job as it is now. */
  async put(job: Job): Promise<Job> {
    this.#jobs.set(job.id, job)
    await writeWhole(this.#file(job.id), `${JSON.stringify(job)}\n`)
    return job
  }

  /** Forgets ended jobs but the last so many; gives what is forgotten. */
  async prune(keep: number): Promise<Job[]> {
    const ended = this.all.filter((job) => job.ended !== undefined)
    const gone = ended.slice(0, Math.max(0, ended.length - keep))
    for (const { id } of gone) {
      this.#jobs.delete(id)
      await rm(this.log(id), { force: true })
      await rm(this.#file(id), { force: true })
    }
    return gone
  }

  /** Where the log of a job is. */
  log(id: number): string {
    return join(this.#dir, `${id}.log`)
  }

  #file(id: number): string {
    return join(this.#dir, `${id}.json`)
  }
}
