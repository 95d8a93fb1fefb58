import { type Docker, hasStatus } from '#lib/docker.ts'
import type { BuildResult } from '../driver.ts'
import type { Job } from './jobs.ts'

/**
 * Names what a build made: each image by its commit and as the latest, those of further services with their process type behind
 * it. Answers all names with the ids, and those by the commit that are not the build's own.
 */
export async function nameImages(
  engine: Docker,
  own: string,
  { imageId, services = {} }: Pick<BuildResult, 'imageId' | 'services'>,
): Promise<{ all: Map<string, string>; others: string[] }> {
  const repo = own.slice(0, own.lastIndexOf(':'))
  const all = new Map<string, string>()
  const others: string[] = []
  for (const [suffix, id] of [['', imageId], ...Object.entries(services).map(([type, { image }]) => [`.${type}`, image])] as const) {
    if (id === undefined || suffix === undefined) continue
    const named = `${own}${suffix}`
    for (const name of [named, `${repo}:latest${suffix}`]) {
      await engine.getImage(id).tag({ repo, tag: name.slice(repo.length + 1) })
      all.set(name, id)
    }
    if (named !== own) others.push(named)
  }
  return { all, others }
}

/** Takes the names of jobs' images away, but for those that other jobs have too; what has another name stays. */
export async function removeImages(engine: Docker, gone: readonly Job[], kept: readonly Job[]): Promise<void> {
  const namesOf = (jobs: readonly Job[]) => jobs.flatMap(({ image, others }) => [image, ...others])
  const still = new Set(namesOf(kept))
  for (const name of namesOf(gone))
    if (!still.has(name))
      await engine
        .getImage(name)
        .remove()
        .catch((error: unknown) => {
          // Gone, or a container runs it.
          if (!hasStatus(error, 404, 409)) throw error
        })
}
