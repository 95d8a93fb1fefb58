import type { Docker } from '#lib/docker.ts'
import { hasStatus } from '#lib/docker.ts'
import { messageOf, UserError } from '#lib/errors.ts'
import { type Output, plain } from '#lib/output.ts'
import type { Registries } from '../driver.ts'
import { jsonLines, post } from '../engine.ts'

/** A pull says how far it is at most this often, in milliseconds. */
const progressInterval = 5_000

export interface ResolveOptions {
  registries?: Registries
  signal?: AbortSignal
  /** Milliseconds without a word from the registry after which the pull is given up; 60,000 unless told. */
  silence?: number
}

/**
 * The id of an image by its name: the engine's own if it has one, else pulled. An image that is nowhere is UserError
 * `image-not-found`, a registry that does not answer `registry-unreachable`.
 */
export async function resolveImage(
  engine: Docker,
  reference: string,
  output: Output,
  options: ResolveOptions = {},
): Promise<{ imageId: string }> {
  const { host, name } = parseReference(reference)
  const present = await localId(engine, name)
  if (present !== undefined) return { imageId: present }
  output.detail(`Pulling ${name}`)
  await pull(engine, host, name, output, options)
  const imageId = await localId(engine, name)
  if (imageId === undefined) throw new Error(`${name} was pulled, but the engine does not have it`)
  return { imageId }
}

/** The registry host of a reference, and the reference with its tag spelled out: without one the engine pulls every tag. */
export function parseReference(reference: string): { host: string; name: string } {
  const found = /^((?:[^/@]+\/)*[^/@:]+)(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/.exec(reference)
  const repository = found?.[1]
  // Whether it is one to the last detail is the engine's to say; this keeps out what would be read as something else.
  if (
    !found ||
    repository === undefined ||
    reference.length > 500 ||
    !/^[\w.:/[\]-]+$/.test(repository) ||
    /(?:^|\/)[-.:]/.test(repository)
  )
    throw new UserError('bad-image-name', `"${plain(reference).slice(0, 100)}" is not the name of an image`, {
      hint: 'such as nginx:1.29 or ghcr.io/owner/name:tag',
    })
  const first = repository.includes('/') ? repository.slice(0, repository.indexOf('/')) : ''
  const host = /[.:]/.test(first) || first === 'localhost' ? first : 'docker.io'
  return { host, name: found[2] === undefined && found[3] === undefined ? `${reference}:latest` : reference }
}

async function localId(engine: Docker, name: string): Promise<string | undefined> {
  try {
    return (await engine.getImage(name).inspect()).Id
  } catch (error) {
    if (hasStatus(error, 404)) return undefined
    if (hasStatus(error, 400)) throw new UserError('bad-image-name', `"${name}" is not the name of an image`, { cause: error })
    throw error
  }
}

async function pull(engine: Docker, host: string, name: string, output: Output, options: ResolveOptions): Promise<void> {
  const silence = options.silence ?? 60_000
  const quiet = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const heard = () => {
    clearTimeout(timer)
    timer = setTimeout(() => quiet.abort(), silence)
  }
  const login = options.registries?.(host)
  const signal = options.signal ? AbortSignal.any([options.signal, quiet.signal]) : quiet.signal
  heard()
  try {
    const answer = await post(
      engine,
      '/images/create',
      { fromImage: name },
      {
        signal,
        headers: login ? { 'X-Registry-Auth': registryAuth({ ...login, serveraddress: host }) } : {},
      },
    )
    const layers = new Layers(output)
    for await (const line of jsonLines(answer)) {
      heard()
      layers.update(line)
    }
  } catch (error) {
    if (options.signal?.aborted) throw new UserError('build-aborted', `the pull of ${name} was stopped`, { cause: error })
    if (quiet.signal.aborted)
      throw new UserError(
        'registry-unreachable',
        `${host} was silent for ${Math.round(silence / 1000)} seconds; the pull of ${name} was given up`,
      )
    throw refused(host, name, error)
  } finally {
    clearTimeout(timer)
  }
}

/** Which of a pull's failures a user can mend. */
function refused(host: string, name: string, error: unknown): unknown {
  const words = messageOf(error)
    .replace(/^\(HTTP code \d+\) \S+(?: \S+)? - /, '')
    .trim()
  const hint = `check the name; if the image is private, log in to ${host}`
  // A registry does not tell the missing from the forbidden.
  if (
    hasStatus(error, 404) ||
    /not found|manifest unknown|access denied|unauthorized|no basic auth|authentication required|denied:/i.test(words)
  )
    return new UserError('image-not-found', `${name} was not found on this machine or at ${host}: ${words}`, { hint, cause: error })
  if (/no such host|connection refused|timeout|i\/o|network|certificate|TLS|EOF|server misbehaving/i.test(words))
    return new UserError('registry-unreachable', `${host} could not be reached for ${name}: ${words}`, { cause: error })
  return error
}

function registryAuth(login: Record<string, string>): string {
  return Buffer.from(JSON.stringify(login)).toString('base64url')
}

/** Adds up a pull's layers, and says from time to time how far it is. */
class Layers {
  readonly #output: Output
  readonly #layers = new Map<string, { current: number; total: number }>()
  #said = performance.now()

  constructor(output: Output) {
    this.#output = output
  }

  update(line: unknown): void {
    if (typeof line !== 'object' || line === null) return
    if ('error' in line) throw new Error(String(line.error))
    if (!('id' in line) || !('status' in line) || line.status !== 'Downloading') return
    const detail = 'progressDetail' in line ? line.progressDetail : undefined
    if (typeof detail !== 'object' || detail === null || !('current' in detail) || !('total' in detail)) return
    this.#layers.set(String(line.id), { current: Number(detail.current), total: Number(detail.total) })
    if (performance.now() - this.#said < progressInterval) return
    this.#said = performance.now()
    const sum = (key: 'current' | 'total') => [...this.#layers.values()].reduce((all, layer) => all + layer[key], 0)
    this.#output.detail(`${(sum('current') / 1e6).toFixed(1)} of ${(sum('total') / 1e6).toFixed(1)} MB`)
  }
}
