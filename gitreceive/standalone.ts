import { chmod, realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { UserError } from '#lib/errors.ts'
import { type Started, start } from '#lib/exec.ts'
import { writeWhole } from '#lib/files.ts'
import { gitArgv, gitEnvironment } from '#lib/git.ts'
import { parseWords, quoteWords } from '#lib/words.ts'
import { decide, parseUpdates } from './policy.ts'
import { type Repositories, repositories } from './repository.ts'
import { hookEnvironment, parseService, serviceCommand } from './service.ts'

/** Repositories under a root of their own, whose hook is this program. */
export async function open(root: string, program: readonly string[]): Promise<Repositories> {
  const hooksPath = join(resolve(root), '.hooks')
  const hook = join(hooksPath, 'pre-receive')
  await writeWhole(hook, `#!/bin/sh\nexec ${quoteWords([...program, 'hook'])}\n`, 0o755)
  await chmod(hook, 0o755)
  return repositories(root, { hooksPath })
}

/** Answers one ssh command as a forced command does: git's services and nothing else. Gives the exit status. */
export async function serve(root: string, receiver: string, program: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const service = parseService(parseWords(env.SSH_ORIGINAL_COMMAND ?? ''))
  if (service === undefined) throw new UserError('bad-git-command', 'Only git push, fetch and clone are served here')
  if (!/^[a-z0-9][a-z0-9.-]{0,62}$/.test(service.name))
    throw new UserError('bad-git-command', `${JSON.stringify(service.name)} is not a valid name`)
  const all = await open(root, program)
  if (service.service !== 'git-receive-pack' && !(await all.exists(service.name)))
    throw new UserError('bad-git-command', `There is no repository ${service.name}`)
  const path = await all.ensure(service.name)
  const variables = {
    RECEIVE_REPO: service.name,
    RECEIVE_USER: env.RECEIVE_USER ?? '',
    RECEIVE_FINGERPRINT: env.RECEIVE_FINGERPRINT ?? '',
    RECEIVER: await realpath(receiver),
  }
  const started = start(serviceCommand(service.service, path), { cwd: path, env: hookEnvironment(variables, env.GIT_PROTOCOL) })
  process.stdin.pipe(started.stdin)
  return await passOn(started)
}

/** The pre-receive hook: gives the pushed tree to the receiver as a tar on its stdin. Its status accepts or declines the push. */
export async function hook(input: string, env: NodeJS.ProcessEnv): Promise<number> {
  const { deploy } = decide(parseUpdates(input), { remote: 'REMOTE' })
  if (deploy === undefined) return 0
  const { RECEIVER: receiver, RECEIVE_REPO: repo, RECEIVE_USER: user = '', RECEIVE_FINGERPRINT: fingerprint = '' } = env
  if (receiver === undefined || repo === undefined) throw new Error('the hook was called outside a push')
  const own = Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined))
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
