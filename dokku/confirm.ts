import { createInterface } from 'node:readline'
import { UserError } from '#lib/errors.ts'
import type { Context } from './context.ts'

/** Has the user type a name before something is destroyed; `--force` skips it. Wording as in Dokku. */
export async function confirm(context: Context, name: string, what: string): Promise<void> {
  if (context.force) return
  context.output.warn('WARNING: Potentially Destructive Action')
  context.output.warn(`This command will ${what}.`)
  context.output.warn(`To proceed, type "${name}"`)
  context.session.stderr.write('> ')
  const lines = createInterface({ input: context.session.stdin })
  const { value } = await lines[Symbol.asyncIterator]().next()
  lines.close()
  if (value?.trim() !== name)
    throw new UserError('not-confirmed', `Confirmation did not match ${name}. Aborted.`, { hint: 'type the name, or use --force' })
}
