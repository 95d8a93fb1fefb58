import { hasCode, messageOf, UserError } from '#lib/errors.ts'

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
