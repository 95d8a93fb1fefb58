import { type Docker, hasStatus } from '#lib/docker.ts'
import { messageOf, UserError } from '#lib/errors.ts'

/** Asks a registry whether a name and password are right; UserError `registry-refused` when not, `registry-unreachable` when it does not answer. */
export async function checkLogin(engine: Docker, host: string, login: { username: string; password: string }): Promise<void> {
  try {
    await engine.checkAuth({ ...login, serveraddress: host === 'docker.io' ? 'https://index.docker.io/v1/' : host })
  } catch (error) {
    const words = messageOf(error)
      .replace(/^\(HTTP code \d+\) \S+(?: \S+)? - /, '')
      .trim()
    if (hasStatus(error, 401) || /unauthorized|incorrect username|denied|401/i.test(words))
      throw new UserError('registry-refused', `${host} does not know ${login.username} with this password`, { cause: error })
    throw new UserError('registry-unreachable', `${host} could not be asked: ${words}`, { cause: error })
  }
}

/** The host of a registry as logins know it, Docker's own under all its names as `docker.io`; UserError `bad-registry`. */
export function parseRegistry(text: string): string {
  const host = text
    .replace(/^https?:\/\//, '')
    .replace(/\/.*$/, '')
    .toLowerCase()
  if (/^(?:hub\.docker\.com|index\.docker\.io|registry-1\.docker\.io|docker\.io)$/.test(host)) return 'docker.io'
  if (/^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:]+\])(?::\d{1,5})?$/.test(host)) return host
  throw new UserError('bad-registry', `${JSON.stringify(text.slice(0, 60))} is not the host of a registry`, {
    hint: 'ghcr.io, or registry.example.com:5000',
  })
}
