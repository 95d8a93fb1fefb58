import { UserError } from '#lib/errors.ts'

/** The engine's words for an exec, and those of a container's init. */
const beginnings = ['OCI runtime exec failed: ', '[FATAL tini (']

/** Does output begin as it does when it is not the program that speaks, because there is none? */
export function mayBeFailure(firstOutput: string): boolean {
  return beginnings.some((beginning) => firstOutput.startsWith(beginning))
}

/** Why a program could not be started, with a shell's exit status for that; undefined when the words are the program's own. */
export function startFailure(program: string, output: string): UserError | undefined {
  const reason =
    /^OCI runtime exec failed: (.*)\r?\n$/s.exec(output)?.[1] ?? /^\[FATAL tini \(\d+\)\] (exec .* failed: .*)\r?\n$/s.exec(output)?.[1]
  if (reason === undefined) return undefined
  if (/chdir to cwd/.test(reason))
    return new UserError('cannot-run', `${program} cannot be run: the working directory is not there`, { exitCode: 126 })
  if (/executable file not found|no such file or directory/i.test(reason))
    return new UserError('no-such-program', `${program}: there is no such program in the container`, { exitCode: 127 })
  if (/permission denied/i.test(reason)) return new UserError('cannot-run', `${program}: permission denied`, { exitCode: 126 })
  return new UserError('cannot-run', `${program} cannot be run: ${reason.trim()}`, { exitCode: 126 })
}
