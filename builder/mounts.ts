import { createHash } from 'node:crypto'
import { quoteWord } from '#lib/words.ts'
import type { BuildRequest } from './driver.ts'

/** Below /dev, which is fresh memory in every step: elsewhere a mount point would stay in the layer as an empty directory. */
const root = '/dev'
/** The id of the secret that holds the variables of a build. */
const envSecret = 'dokku-env'

/** A mount of a RUN in a Dockerfile that we write. */
export interface Mount {
  /** The option of RUN. */
  flag: string
  /** Where it is in that step. */
  path: string
}

/** A directory that the builds of an app share, by the name of what it holds. */
export function cacheMount({ cacheKey = 'shared' }: Pick<BuildRequest, 'cacheKey'>, name: string): Mount {
  // The key stands in the path too, because that is what BuildKit tells of a cache it has (`listCache`).
  const path = `${cachePath(cacheKey)}${name}`
  return { flag: `--mount=type=cache,id=${cacheKey}-${name},target=${path},sharing=locked`, path }
}

/** Where the caches of a key are in a step: all of them, and no others, begin with it. */
export function cachePath(cacheKey: string): string {
  return `${root}/dokku-cache/${cacheKey}/`
}

/** How a step reads the variables of the build. */
export interface EnvMount {
  /** The option of RUN, with a blank behind it; empty without variables. */
  flag: string
  /** The command that a step begins with; empty without variables. */
  load: string
  /** An ARG that makes the step run again when they change, with a line end behind it; empty without variables. */
  arg: string
  secrets: Record<string, string>
}

/** Hands the variables of a build to steps of a Dockerfile that we write. */
export function envMount({ env = {}, envRevision }: Pick<BuildRequest, 'env' | 'envRevision'>): EnvMount {
  const names = Object.keys(env).sort()
  if (names.length === 0) return { flag: '', load: '', arg: '', secrets: {} }
  const path = `${root}/${envSecret}`
  return {
    flag: `--mount=type=secret,id=${envSecret},target=${path},mode=0444 `,
    load: `. ${path}; `,
    arg: envRevision === undefined ? '' : `ARG DOKKU_ENV_REVISION=${envRevision}\n`,
    secrets: { [envSecret]: names.map((name) => `export ${name}=${quoteWord(env[name] ?? '')}\n`).join('') },
  }
}

/** A shell script of ours for steps of a Dockerfile that we write. */
export function scriptMount(name: string, text: string): Mount & { secrets: Record<string, string> } {
  // Another text is another id, so that a step runs again with it.
  const id = `dokku-${name}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`
  const path = `${root}/dokku-${name}`
  return { flag: `--mount=type=secret,id=${id},target=${path},mode=0444`, path, secrets: { [id]: text } }
}

/** A step without what we gave it, for people to read. */
export function withoutMounts(step: string): string {
  return step
    .replace(/--mount=\S*target=\/dev\/dokku-\S* /g, '')
    .replace(/--mount=type=bind,from=install,\S* /g, '')
    .replace(/\. \/dev\/dokku-[a-z]+; /g, '')
}
