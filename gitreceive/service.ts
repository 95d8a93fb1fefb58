import { UserError } from '#lib/errors.ts'
import { gitArgv, gitEnvironment } from '#lib/git.ts'

const services = ['git-receive-pack', 'git-upload-pack', 'git-upload-archive'] as const

export type ServiceName = (typeof services)[number]

/** What a git client asks for: a service and the name of a repository, not yet checked against any grammar. */
export interface Service {
  service: ServiceName
  name: string
}

/**
 * Reads the words of an ssh command as a git service; words that are none give undefined. git sends exactly a service
 * and a path; anything else, such as an option, throws UserError `bad-git-command`.
 */
export function parseService(words: readonly string[]): Service | undefined {
  const [first, ...rest] = words[0] === 'git' ? [`git-${words[1] ?? ''}`, ...words.slice(2)] : words
  const service = services.find((name) => name === first)
  if (first === 'git-lfs-authenticate' || first === 'git-lfs-transfer')
    throw new UserError('bad-git-command', 'Git LFS is not served here', {
      hint: "git lfs migrate export --include='*' makes its files files of git",
    })
  if (service === undefined) return undefined
  const [path, ...others] = rest
  if (path === undefined || others.length > 0 || path.startsWith('-'))
    throw new UserError('bad-git-command', `${service} takes one repository and no options`, { hint: 'git push dokku@HOST:APP main' })
  const name = path
    .replace(/^\//, '')
    .replace(/\/$/, '')
    .replace(/\.git$/, '')
  return { service, name }
}

/** The argv that serves a repository at an absolute path. */
export function serviceCommand(service: ServiceName, path: string): [string, ...string[]] {
  if (!path.startsWith('/')) throw new Error(`not an absolute path: ${path}`)
  // --strict: this path or nothing, no guessing of suffixes.
  const options = service === 'git-upload-pack' ? ['--strict'] : []
  return gitArgv([service.slice('git-'.length), ...options, path])
}

/** The environment of a service and so of its hooks, which need `variables` to know who pushes what. */
export function hookEnvironment(variables: Record<string, string>, gitProtocol?: string): Record<string, string> {
  // The client's choice of protocol version, an environment variable by git's own design; only what it may say.
  const protocol = gitProtocol !== undefined && /^version=[0-9](:[a-z0-9=-]+)*$/.test(gitProtocol) ? { GIT_PROTOCOL: gitProtocol } : {}
  return { ...gitEnvironment(variables), ...protocol }
}
