import { hasCode, messageOf, UserError } from '#lib/errors.ts'
import type { Output } from '#lib/output.ts'

/** What a connection to the Docker engine that broke off, or that was refused, made fail, as a UserError; any other error as it is. */
export function engineAway(error: unknown): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error
  const refused = hasCode(error, 'ECONNREFUSED', 'ENOENT') && messageOf(error).includes('docker.sock')
  const broken = messageOf(error) === 'socket hang up' || hasCode(error, 'ECONNRESET', 'EPIPE')
  if (!refused && !broken) return error
  return new UserError('engine-away', `The Docker engine went away before this was done (${messageOf(error)})`, {
    hint: 'once it runs again (systemctl status docker), do it again',
    cause: error,
  })
}

/** Does what follows from a change that is stored. Where the engine goes away meanwhile, the change stands, and the next full pass does the rest. */
export async function orNextPass(output: Output, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (thrown) {
    const error = engineAway(thrown)
    if (!(error instanceof UserError && error.code === 'engine-away')) throw thrown
    output.warn('The Docker engine went away. The change is stored: what is left of it is done once the engine is back')
  }
}
