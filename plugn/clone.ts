import { join } from 'node:path'
import { messageOf, UserError } from '#lib/errors.ts'
import { ExecError, run } from '#lib/exec.ts'
import { isThere } from '#lib/files.ts'
import { withoutCredentials } from './source.ts'

/** Nobody's hooks run, no line ends change, and a repository may belong to another user than ours. */
const settings = ['safe.directory=*', 'core.hooksPath=/dev/null', 'core.autocrlf=false'].flatMap((one) => ['-c', one])

/** What a git that called us, as in a hook, says of its own repository. */
const ofCaller =
  /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|QUARANTINE_PATH|COMMON_DIR|PREFIX|NAMESPACE)$/

/** Variables for git beside the caller's own, such as by which key it gets in. */
export type GitVariables = Readonly<Record<string, string>>

/** With the caller's own git settings and credentials, which are read and never changed. */
export async function git(args: readonly string[], variables: GitVariables = {}): Promise<string> {
  const own = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined && !ofCaller.test(entry[0]))
  const env = { ...Object.fromEntries(own), GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh', ...variables }
  return (await run(['git', ...settings, ...args], { env })).stdout
}

/** Clones a repository with its submodules into an empty folder; gives the commit. UserError `fetch-failed` with git's exit status, or `no-such-commit`. */
export async function clone(url: string, dir: string, committish: string | undefined, variables: GitVariables): Promise<string> {
  const shown = withoutCredentials(url)
  const { address, secret } = apart(url, variables)
  const env = { ...variables, ...secret }
  try {
    await git(['clone', '--quiet', '--template=', '--', address, dir], env)
  } catch (error) {
    throw new UserError('fetch-failed', `${shown} could not be cloned: ${words(error)}`, { cause: error, exitCode: 128 })
  }
  if (committish !== undefined) {
    if (!/^[\w][\w./+@{}^~-]*$/.test(committish)) throw noSuchCommit(shown, committish)
    await checkOut(dir, committish, env).catch((error: unknown) => {
      throw noSuchCommit(shown, committish, error)
    })
  }
  await fetchSubmodules(dir, url, env)
  return (await git(['-C', dir, 'rev-parse', 'HEAD'])).trim()
}

/** What the commit that is checked out says of other repositories. UserError `fetch-failed`. */
export async function fetchSubmodules(dir: string, url: string, variables: GitVariables = {}): Promise<void> {
  if (!(await isThere(join(dir, '.gitmodules')))) return
  // A repository of a stranger is not to name those of this machine.
  const own = url.startsWith('/') ? variables : { ...variables, GIT_ALLOW_PROTOCOL: 'git:http:https:ssh' }
  try {
    await git(['-C', dir, 'submodule', '--quiet', 'update', '--init', '--recursive'], own)
  } catch (error) {
    throw new UserError('fetch-failed', `a submodule of ${withoutCredentials(url)} could not be fetched: ${words(error)}`, {
      cause: error,
      exitCode: 128,
    })
  }
}

/** A commit that no branch leads to is not in a clone, but may be asked for. */
async function checkOut(dir: string, committish: string, variables: GitVariables): Promise<void> {
  try {
    await git(['-C', dir, 'checkout', '--quiet', committish, '--'])
  } catch {
    await git(['-C', dir, 'fetch', '--quiet', 'origin', committish], variables)
    await git(['-C', dir, 'checkout', '--quiet', '--detach', 'FETCH_HEAD'])
  }
}

/** Where the clone in a folder came from; undefined when it is none. */
export async function originOf(dir: string): Promise<string | undefined> {
  if (!(await isThere(join(dir, '.git')))) return undefined
  return (await git(['-C', dir, 'config', '--get', 'remote.origin.url']).catch(() => '')).trim() || undefined
}

/** An address without its password, which goes in variables: neither the list of processes nor the clone is to show it. */
function apart(text: string, { GIT_CONFIG_COUNT = process.env.GIT_CONFIG_COUNT ?? '0' }: GitVariables) {
  if (!/^https?:\/\/[^/]*@/.test(text)) return { address: text, secret: {} }
  const url = new URL(text)
  const basic = Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString('base64')
  url.username = url.password = ''
  const secret = {
    GIT_CONFIG_COUNT: String(Number(GIT_CONFIG_COUNT) + 1),
    [`GIT_CONFIG_KEY_${GIT_CONFIG_COUNT}`]: `http.${url.origin}/.extraHeader`,
    [`GIT_CONFIG_VALUE_${GIT_CONFIG_COUNT}`]: `Authorization: Basic ${basic}`,
  }
  return { address: url.href, secret }
}

function noSuchCommit(url: string, committish: string, cause?: unknown): UserError {
  return new UserError('no-such-commit', `${url} has no branch, tag or commit ${JSON.stringify(committish.slice(0, 60))}`, { cause })
}

/** What git or ssh said first: after it comes advice. */
function words(error: unknown): string {
  const lines = error instanceof ExecError ? error.stderr.trim().split(/\r?\n/) : [messageOf(error)]
  return withoutCredentials(lines.find((line) => !/^(warning|Cloning)\b/i.test(line)) || 'no message')
}
