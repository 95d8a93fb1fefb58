import Docker from 'dockerode'

/** Oldest API we speak (Engine 20.10); the newest is whatever both ends know. */
const oldest = '1.41'
const newestKnown = '1.51'

/** Docker's client with the API version both ends know; the only place that makes one. */
export async function docker(socketPath = process.env.DOKKU_DOCKER_SOCKET ?? '/var/run/docker.sock'): Promise<Docker> {
  const engine = await new Docker({ socketPath }).version()
  if (compare(engine.ApiVersion, oldest) < 0)
    throw new Error(`Docker Engine ${engine.Version} speaks API ${engine.ApiVersion}; ${oldest} (Engine 20.10) is the oldest that works`)
  const version = compare(engine.ApiVersion, newestKnown) < 0 ? engine.ApiVersion : newestKnown
  return new Docker({ socketPath, version: `v${version}` })
}

export type { default as Docker } from 'dockerode'

/** Is this the engine's answer with one of these HTTP statuses? */
export function hasStatus(error: unknown, ...statuses: number[]): boolean {
  return error instanceof Error && 'statusCode' in error && statuses.includes(Number(error.statusCode))
}

/** Does the API version `a` come before (< 0), equal (0) or after (> 0) `b`? */
function compare(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number)
  const [majorB = 0, minorB = 0] = b.split('.').map(Number)
  return majorA - majorB || minorA - minorB
}
