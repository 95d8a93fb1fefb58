import { type Docker, hasStatus } from '#lib/docker.ts'
import { messageOf, UserError } from '#lib/errors.ts'
import type { Output } from '#lib/output.ts'
import { jsonLines, post } from '../buildkit/engine.ts'
import type { Registries } from '../driver.ts'

/** A transfer says how far it is at most this often, in milliseconds. */
const progressInterval = 5_000

export interface TransferOptions {
  registries?: Registries
  signal?: AbortSignal
  /** Milliseconds without a word from the registry after which it is given up; 60,000 unless told. */
  silence?: number
}

/** A call of the engine that moves an image to or from a registry. */
interface Transfer {
  action: 'pull' | 'push'
  host: string
  name: string
  path: string
  query: Record<string, string>
}

/**
 * Has the engine pull or push an image, and says how far it is. UserError `build-aborted`, `registry-unreachable`,
 * `image-not-found` or, of a push, `registry-refused`.
 */
export async function transfer(engine: Docker, asked: Transfer, output: Output, options: TransferOptions): Promise<void> {
  const { action, host, name, path, query } = asked
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
    // A push needs the header even where nobody is logged in.
    const headers = { 'X-Registry-Auth': registryAuth(login ? { ...login, serveraddress: host } : {}) }
    const answer = await post(engine, path, query, { signal, ...((login || action === 'push') && { headers }) })
    const layers = new Layers(output)
    for await (const line of jsonLines(answer)) {
      heard()
      layers.update(line)
    }
  } catch (error) {
    if (options.signal?.aborted) throw new UserError('build-aborted', `the ${action} of ${name} was stopped`, { cause: error })
    if (quiet.signal.aborted)
      throw new UserError(
        'registry-unreachable',
        `${host} was silent for ${Math.round(silence / 1000)} seconds; the ${action} of ${name} was given up`,
      )
    throw refused(asked, error)
  } finally {
    clearTimeout(timer)
  }
}

/** Which of a transfer's failures a user can mend. */
function refused({ action, host, name }: Transfer, error: unknown): unknown {
  const words = messageOf(error)
    .replace(/^\(HTTP code \d+\) \S+(?: \S+)? - /, '')
    .trim()
  const hint = `check the name; if the image is private, log in to ${host}`
  // A registry does not tell the missing from the forbidden.
  if (
    hasStatus(error, 404) ||
    /not found|manifest unknown|access denied|unauthorized|no basic auth|authentication required|denied:/i.test(words)
  )
    return action === 'pull'
      ? new UserError('image-not-found', `${name} was not found on this machine or at ${host}: ${words}`, { hint, cause: error })
      : new UserError('registry-refused', `${host} does not take ${name}: ${words}`, { hint: `log in to ${host}`, cause: error })
  if (/no such host|connection refused|timeout|i\/o|network|certificate|TLS|EOF|server misbehaving/i.test(words))
    return new UserError('registry-unreachable', `${host} could not be reached for ${name}: ${words}`, { cause: error })
  return error
}

function registryAuth(login: Record<string, string>): string {
  // URL-safe, but padded: without the padding Engine 20.10 takes some logins for none.
  return Buffer.from(JSON.stringify(login)).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}

/** Adds up a transfer's layers, and says from time to time how far it is. */
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
    if (!('id' in line) || !('status' in line) || !/^(?:Downloading|Pushing)$/.test(String(line.status))) return
    const detail = 'progressDetail' in line ? line.progressDetail : undefined
    if (typeof detail !== 'object' || detail === null || !('current' in detail) || !('total' in detail)) return
    this.#layers.set(String(line.id), { current: Number(detail.current), total: Number(detail.total) })
    if (performance.now() - this.#said < progressInterval) return
    this.#said = performance.now()
    const sum = (key: 'current' | 'total') => [...this.#layers.values()].reduce((all, layer) => all + layer[key], 0)
    this.#output.detail(`${(sum('current') / 1e6).toFixed(1)} of ${(sum('total') / 1e6).toFixed(1)} MB`)
  }
}
