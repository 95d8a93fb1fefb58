import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type ExecOptions, type ExecResult, type Started, start } from '#lib/exec.ts'
import { gitArgv } from '#lib/git.ts'
import { quoteWord, quoteWords } from '#lib/words.ts'
import { tool } from './engine.ts'
import { attempt } from './programs.ts'
import type { Repo } from './repo.ts'

export interface SshOptions extends Pick<ExecOptions, 'input'> {
  /** Options of the ssh program, such as -T or -L. */
  ssh?: readonly string[]
  /** Another private key. */
  key?: string
}

/** What a user has at hand: the real ssh and the real git, with a key. */
export interface Client {
  readonly publicKey: string
  /** Runs a command; every word arrives as it is. */
  ssh(...words: string[]): Promise<ExecResult>
  /** Runs a command line exactly as given, as ssh sends it. */
  sshLine(line: string | undefined, options?: SshOptions): Promise<ExecResult>
  /** Starts a command and leaves it running. */
  sshStart(words: readonly string[], options?: SshOptions): Started
  /** `git push REMOTE REFSPECS...`; the default pushes main. */
  push(from: Repo, app: string, refspecs?: readonly string[], options?: SshOptions): Promise<ExecResult>
  pushStart(from: Repo, app: string, refspecs?: readonly string[]): Started
  remote(app: string): string
  /** The argv of ssh up to and without the command. */
  sshArgv(options?: SshOptions): [string, ...string[]]
}

/** Makes a key pair in `dir` and everything that uses it. */
export async function client({ dir, address, port }: { dir: string; address: string; port: number }): Promise<Client> {
  const key = await keyPair(join(dir, 'id'))
  const sshArgv = (options: SshOptions = {}): [string, ...string[]] => [
    'ssh',
    ...['-F', '/dev/null', '-p', String(port), '-i', options.key ?? join(dir, 'id'), '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes'],
    ...['-o', 'StrictHostKeyChecking=accept-new', '-o', `UserKnownHostsFile=${join(dir, 'known_hosts')}`, '-o', 'LogLevel=ERROR'],
    ...(options.ssh ?? []),
    `dokku@${address}`,
  ]
  const commandOf = (options?: SshOptions) => sshArgv(options).slice(0, -1).map(quoteWord).join(' ')
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: dir,
    LC_ALL: 'C.UTF-8',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_SSH_VARIANT: 'ssh',
    GIT_SSH_COMMAND: commandOf(),
  }
  const remote = (app: string) => `dokku@${address}:${app}`
  const pushArgv = (from: Repo, app: string, refspecs: readonly string[]) =>
    gitArgv(['-C', from.dir, 'push', '--porcelain', remote(app), ...refspecs])
  return {
    publicKey: key,
    sshArgv,
    // Without --, ssh takes the options of a command for its own.
    ssh: (...words) => attempt([...sshArgv(), '--', quoteWords(words)], { env }),
    sshLine: (line, options = {}) =>
      attempt([...sshArgv(options), ...(line === undefined ? [] : ['--', line])], {
        env,
        ...(options.input === undefined ? {} : { input: options.input }),
      }),
    sshStart: (words, options) => start([...sshArgv(options), '--', quoteWords(words)], { env }),
    remote,
    push: (from, app, refspecs = ['main'], options = {}) =>
      attempt(pushArgv(from, app, refspecs), { env: { ...env, GIT_SSH_COMMAND: commandOf(options) } }),
    pushStart: (from, app, refspecs = ['main']) => start(pushArgv(from, app, refspecs), { env }),
  }
}

/** Makes a key pair without passphrase at a path, unless it is there; returns the public half. */
export async function keyPair(path: string, type = 'ed25519'): Promise<string> {
  if (!existsSync(path)) await tool(['ssh-keygen', '-q', '-t', type, '-N', '', '-C', 'ada@example.com', '-f', path])
  return await tool(['cat', `${path}.pub`])
}
