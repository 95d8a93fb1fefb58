import { UserError } from '#lib/errors.ts'
import type { FailedStep, Progress } from './buildkit/progress.ts'
import type { Advice, BuildLimits } from './driver.ts'

/** What is known of a failed build. */
export interface Failure {
  /** The engine's words. */
  message: string
  progress: Progress
  syntax?: string | undefined
  limits?: BuildLimits | undefined
  advice?: Advice | undefined
  /** Maps a line of the Dockerfile as built to the author's. */
  originalLine?: ((line: number) => number) | undefined
}

/** Says in a user's terms why a build failed: the instruction, the reason, and what to do where that is known. */
export function failure({ message, progress, syntax, limits, advice, originalLine = (line) => line }: Failure): UserError {
  const reason = trim(message).replace(/(parse error (?:on )?line )(\d+)/i, (_, words, line) => `${words}${originalLine(Number(line))}`)
  const failed = progress.failed
  const secret = /secret "?([\w.-]+)"?:? not found|secret ([\w.-]+): not found/.exec(reason)
  if (secret) {
    const name = secret[1] ?? secret[2] ?? ''
    const message = `the build has no secret ${name}, which the Dockerfile asks for`
    return new UserError('build-failed', message, advice && { hint: advice.secret(name) })
  }
  if (syntax !== undefined && isSyntaxImage(progress))
    return new UserError('syntax-unreachable', `the image of "# syntax=${syntax}" in the Dockerfile could not be pulled: ${reason}`, {
      hint: 'remove the "# syntax=" line: most Dockerfiles build without it',
    })
  const status = Number(/exit code: (\d+)/.exec(reason)?.[1] ?? Number.NaN)
  if (failed && (status === 137 || saysKilled(failed)))
    return new UserError(
      'build-out-of-memory',
      `${quote(failed)} was killed, most likely for memory${limits && limits.memory > 0 ? `: builds may use ${size(limits.memory)}` : ''}`,
      advice && { hint: advice.memory },
    )
  if (failed && !Number.isNaN(status)) return new UserError('build-failed', `${quote(failed)} failed with exit status ${status}`)
  const base = failed && /^\[internal\] load metadata for (\S+)/.exec(failed.name)?.[1]
  if (base) return new UserError('build-failed', `the base image ${base} could not be pulled: ${reason}`)
  if (failed?.name.startsWith('[') && !failed.name.startsWith('[internal]'))
    return new UserError('build-failed', `${quote(failed)} failed: ${reason}`)
  return new UserError('build-failed', `the Dockerfile could not be built: ${reason}`)
}

/** The engine wraps a reason in the names of the layers it passed through. */
function trim(message: string): string {
  return message
    .replace(/^(?:failed to solve(?: with frontend \S+)?: |rpc error: code = \w+ desc = |failed to create LLB definition: )+/, '')
    .trim()
}

/** Nothing of the Dockerfile has begun, only its frontend was asked for. */
function isSyntaxImage(progress: Progress): boolean {
  return progress.failed !== undefined && /^resolve image config for|^docker-image:/.test(progress.failed.name)
}

/** Programs that saw a child of theirs killed end with a status of their own, but say so. */
function saysKilled(step: FailedStep): boolean {
  return step.tail.slice(-8).some((line) => /^Killed$|: Killed\b|\bKilled signal|signal: killed|signal SIGKILL/.test(line))
}

function quote(step: FailedStep): string {
  const instruction = step.name.replace(/^\[[^\]]*\] /, '')
  return `\`${instruction.length > 200 ? `${instruction.slice(0, 200)}...` : instruction}\``
}

function size(bytes: number): string {
  const mebibytes = bytes / 2 ** 20
  return mebibytes < 1024 ? `${Math.round(mebibytes)} MiB` : `${(mebibytes / 1024).toFixed(1).replace(/\.0$/, '')} GiB`
}
