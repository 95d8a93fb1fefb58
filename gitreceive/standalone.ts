import { chmod, realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { UserError } from '#lib/errors.ts'
import { run, type Started, start } from '#lib/exec.ts'
import { isThere, writeWhole } from '#lib/files.ts'
import { gitArgv, gitEnvironment } from '#lib/git.ts'
import { parseWords, quoteWords } from '#lib/words.ts'
import { decide, parseUpdates } from './policy.ts'
import { checkQuota } from './quota.ts'
import { type Repositories, repositories } from './repository.ts'
import { hookEnvironment, parseService, type ServiceName, serviceCommand } from './service.ts'

/** Repositories of a program of one's own, and what is called about them. */
export interface Place {
  root: string
  receiver: string
  /** Called when a first push is about to make a repository; failing, it prevents that. */
  created?: string | undefined
  /** The argv of this program, for the hook. */
  program: readonly string[]
}

/** Whose call it is. */
export interface Caller {
  user: string
  fingerprint: string
  /** More variables for the receiver. */
  env?: Record<string, string>
}

/** Repositories under a root of their own, whose hook is this program. */
export async function open(root: string, program: readonly string[]): Promise<Repositories> {
  const hooksPath = join(resolve(root), '.hooks')
  const hook = join(hooksPath, 'pre-receive')
  await writeWhole(hook, `#!/bin/sh\nexec ${quoteWords([...program, 'hook'])}\n`, 0o755)
  await chmod(hook, 0o755)
  return repositories(root, { hooksPath })
}

/** The repository that somebody asks for, made by the first push, and the environment of its service; UserError `bad-git-command`. */
export async function enter(place: Place, service: ServiceName, name: string, caller: Caller, protocol?: string) {
  if (!/^[a-z0-9][a-z0-9.-]{0,62}$/.test(name))
    throw new UserError('bad-git-command', `${JSON.stringify(name.slice(0, 80))} is not a valid name`)
  const all = await open(place.root, place.program)
  const isNew = !(await all.exists(name))
  if (isNew && service !== 'git-receive-pack') throw new UserError('bad-git-command', `There is no repository ${name}`)
  const variables = {
    ...caller.env,
    RECEIVE_REPO: name,
    RECEIVE_USER: caller.user,
    RECEIVE_FINGERPRINT: caller.fingerprint,
    RECEIVER: await realpath(place.receiver),
  }
  if (isNew) await announce(place.created, [name, caller.user, caller.fingerprint], variables)
  return { path: await all.ensure(name), env: hookEnvironment(variables, protocol) }
}

async function announce(created: string | undefined, words: string[], variables: Record<string, string>): Promise<void> {
  if (created === undefined || !(await isThere(created))) return
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', ...variables }
  const { exitCode, stdout, stderr } = await run([await realpath(created), ...words], { env, allow: 'any' })
  process.stderr.write(stdout + stderr)
  if (exitCode !== 0) throw new UserError('bad-git-command', `${words[0]} may not be made`)
}

/** Answers one ssh command as a forced command does: git's services and nothing else. Gives the exit status. */
export async function serve(place: Place, caller: Caller, env: NodeJS.ProcessEnv): Promise<number> {
  const command = env.SSH_ORIGINAL_COMMAND ?? ''
  const service = parseService(parseWords(command))
  if (service === undefined) throw new UserError('bad-git-command', 'Only git push, fetch and clone are served here')
  const own = { ...caller, env: { SSH_ORIGINAL_COMMAND: command } }
  const call = await enter(place, service.service, service.name, own, env.GIT_PROTOCOL)
  const started = start(serviceCommand(service.service, call.path), { cwd: call.path, env: call.env })
  process.stdin.pipe(started.stdin)
  return await passOn(started)
}

/** The pre-receive hook: gives the pushed tree to the receiver as a tar on its stdin. Its status accepts or declines the push. */
export async function hook(input: string, env: NodeJS.ProcessEnv): Promise<number> {
  const updates = parseUpdates(input)
  const { deploy } = decide(updates, { remote: 'REMOTE' })
  const own = Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined))
  await checkQuota(resolve(env.GIT_DIR ?? '.'), updates, own)
  if (deploy === undefined) return 0
  const { RECEIVER: receiver, RECEIVE_REPO: repo, RECEIVE_USER: user = '', RECEIVE_FINGERPRINT: fingerprint = '' } = env
  if (receiver === undefined || repo === undefined) throw new Error('the hook was called outside a push')
  const archive = start(gitArgv(['--git-dir', env.GIT_DIR ?? '.', 'archive', '--format=tar', deploy.commit]), { env: gitEnvironment(own) })
  const received = start([receiver, repo, deploy.commit, user, fingerprint], { env: own })
  archive.stdin.end()
  archive.stderr.pipe(process.stderr)
  // A receiver need not read all it is given.
  const given = pipeline(archive.stdout, received.stdin).catch(() => undefined)
  const status = await passOn(received)
  archive.stdout.destroy()
  await Promise.all([given, archive])
  return status
}

async function passOn(program: Started): Promise<number> {
  // A caller who goes away does not stop what is under way.
  program.stdin.on('error', () => {})
  program.stdout.pipe(process.stdout, { end: false })
  program.stderr.pipe(process.stderr, { end: false })
  const { exitCode } = await program
  process.stdin.unpipe().pause()
  return exitCode ?? 1
}
