import { appendFile, chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ObjectFormat } from '#gitreceive'
import { UserError } from '#lib/errors.ts'
import { ExecError, signalGroup, start } from '#lib/exec.ts'
import { gitArgv, gitEnvironment } from '#lib/git.ts'
import { plain } from '#lib/output.ts'
import type { App } from './app.ts'
import type { By } from './by.ts'
import { type Reached, type Remote, reach } from './fetch-guard.ts'
import { remoteConfig } from './git-config.ts'
import { allowedHosts, credentialsFor } from './git-hosts.ts'
import { borrow, checked, gitsReason, takeCommit, taken, withScratch } from './git-scratch.ts'
import type { Instance } from './instance.ts'
import type { RemoteSource } from './source-kinds.ts'

/** Most bytes of one pack: as much as a push may bring. */
const mostBytes = 2 * 1024 ** 3
const timeoutMs = 15 * 60_000

/**
 * Brings a commit from elsewhere into the app's repository, where no branch has it yet; gives the commit. UserErrors
 * `bad-remote`, `remote-refused`, `fetch-failed`, `no-such-commit`.
 */
export async function fetchRemote(app: App, source: RemoteSource, by: By): Promise<string> {
  const { instance, id } = app
  by.output.detail(`Fetching ${source.ref ?? 'the default branch'} of ${source.remote.url}`)
  const { name, commit } = await withRemote(instance, source.remote, 'sha1', (remote, repository) => find(remote, repository, source.ref))
  return await withRemote(instance, source.remote, formatOf(commit), async (remote, repository) => {
    // Refused where the app has commits of the other format.
    await instance.repositories.ensure(String(id), formatOf(commit))
    await borrow(repository, app)
    await fetch(remote, repository, name, [], by)
    return await takeCommit(repository, app)
  })
}

/** Fetches one commit without its history, for as long as something is done with the repository that then has it. */
export async function withCommit(
  { instance }: App,
  { remote: asked, commit }: { remote: Remote; commit: string },
  by: By,
  work: (repository: string) => Promise<void>,
): Promise<void> {
  await withRemote(instance, asked, formatOf(commit), async (remote, repository) => {
    by.output.detail(`Fetching ${commit.slice(0, 8)} of ${remote.url}`)
    await fetch(remote, repository, commit, ['--depth=1'], by)
    await work(repository)
  })
}

async function fetch(remote: Reached, repository: string, name: string, options: string[], by: By): Promise<void> {
  const words = ['fetch', '--progress', '--no-tags', '--no-write-fetch-head', ...options, '--end-of-options', remote.url]
  await talk(remote, repository, [...checked, ...words, `+${name}:${taken}`], by)
}

function formatOf(commit: string): ObjectFormat {
  return commit.length === 64 ? 'sha256' : 'sha1'
}

/** The commit that a branch, a tag or the default branch of a repository elsewhere stands at; an id of a commit is itself. */
export async function remoteCommit(instance: Instance, { remote: asked, ref }: RemoteSource): Promise<string> {
  return await withRemote(instance, asked, 'sha1', async (remote, repository) => (await find(remote, repository, ref)).commit)
}

/** What a ref means there: branches come before tags. */
async function find(remote: Reached, repository: string, ref = 'HEAD'): Promise<{ name: string; commit: string }> {
  if (/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(ref)) return { name: ref, commit: ref }
  const names = ref === 'HEAD' ? [ref] : [`refs/heads/${ref}`, `refs/tags/${ref}^{}`, `refs/tags/${ref}`]
  const listed = (await talk(remote, repository, ['ls-remote', '--end-of-options', remote.url, ...names])).split('\n')
  for (const name of names) {
    const commit = listed.find((line) => line.endsWith(`\t${name}`))?.split('\t')[0]
    if (commit !== undefined) return { name: name.replace(/\^\{\}$/, ''), commit }
  }
  throw new UserError('no-such-commit', `${remote.url} has no branch or tag ${ref}`, {
    hint: 'a commit is named by its whole id',
  })
}

/** Does something with a repository of its own, whose config alone says how the remote is reached. */
async function withRemote<T>(
  instance: Instance,
  asked: Remote,
  format: ObjectFormat,
  work: (remote: Reached, repository: string) => Promise<T>,
): Promise<T> {
  const remote = await reach(asked, allowedHosts(instance.db))
  return await withScratch(instance, format, async (repository) => {
    const credentials = remote.scheme.startsWith('http') ? (remote.credentials ?? credentialsFor(instance.db, remote.host)) : undefined
    const { config, ssh } = remoteConfig(remote, repository, credentials)
    await chmod(join(repository, 'config'), 0o600)
    await appendFile(join(repository, 'config'), config)
    await writeFile(join(repository, 'ssh'), ssh)
    return await work(remote, repository)
  })
}

/** Runs git against a remote, with what it says as progress; gives its standard output. */
async function talk(remote: Reached, repository: string, words: string[], by?: Pick<By, 'output' | 'signal'>): Promise<string> {
  // Nothing else bounds what a server may send.
  const program = start(['prlimit', `--fsize=${mostBytes}`, ...gitArgv(['--git-dir', repository, ...words])], { env: gitEnvironment() })
  program.stdin.end()
  const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(by?.signal === undefined ? [] : [by.signal])])
  const kill = () => signalGroup(program, 'SIGKILL')
  signal.addEventListener('abort', kill, { once: true })
  if (signal.aborted) kill()
  let [stdout, said] = ['', '']
  program.stdout.setEncoding('utf8').on('data', (text: string) => (stdout = (stdout + text).slice(0, 1024 ** 2)))
  program.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-8192)
    // Of a counter, only where it ends.
    for (const line of plain(text.replaceAll('\r', '\n')).split('\n')) if (/, done\.?\s*$/.test(line)) by?.output.detail(line.trimEnd())
  })
  const { exitCode } = await program
  signal.removeEventListener('abort', kill)
  by?.signal?.throwIfAborted()
  if (exitCode === 0) return stdout
  const reason = signal.aborted ? `it took more than ${timeoutMs / 60_000} minutes` : gitsReason(new ExecError(['git'], exitCode, said))
  throw new UserError('fetch-failed', `${remote.url} could not be fetched: ${reason}`, { hint: hintFor(remote, said), exitCode: 128 })
}

function hintFor({ host, port, scheme }: Reached, said: string): string {
  const name = scheme === 'ssh' && port !== 22 ? `${host}:${port}` : host
  if (/host key verification failed/i.test(said)) return `if you know the host: git:allow-host ${name}`
  if (/permission denied/i.test(said)) return 'give the key that git:public-key shows to the repository; git:generate-deploy-key makes one'
  if (/authentication failed|could not read username|\b40[134]\b/i.test(said)) return `if it is private: git:auth ${name} USER PASSWORD`
  if (/\b30\d\b|redirect/i.test(said)) return 'it lies elsewhere now: use the address that it redirects to'
  return 'is the address right, and the server up?'
}
