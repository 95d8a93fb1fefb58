import { type ExecOptions, type ExecResult, run } from './exec.ts'

/** What a receive hook knows and plain git does not: objects of a push that are not in the repository yet. */
const quarantine = ['GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES', 'GIT_QUARANTINE_PATH', 'GIT_SHALLOW_FILE']

/** Runs git to its end in an environment of our own; a failure throws ExecError. */
export async function git(args: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  return await run(gitArgv(args), { ...options, env: gitEnvironment(options.env) })
}

/** The argv of a git command. Repositories may belong to another user than ours, as on a mounted volume. */
export function gitArgv(args: readonly string[]): [string, ...string[]] {
  return ['git', '-c', 'safe.directory=*', ...args]
}

/**
 * The environment of a git process: nobody's personal settings, no prompts, English messages; of `extra`, all but git's
 * own variables, and of these only the ones that lead to the objects of a push.
 */
export function gitEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  const taken = Object.entries(extra).filter(([key]) => !key.startsWith('GIT_') || quarantine.includes(key))
  return {
    PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: '/nonexistent',
    LC_ALL: 'C.UTF-8',
    ...Object.fromEntries(taken),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
  }
}
