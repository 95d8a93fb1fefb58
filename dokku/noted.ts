import { UserError } from '#lib/errors.ts'
import type { Instance } from './instance.ts'
import { record } from './journal.ts'

/** Does something that people should read of among the events, and how it ended; what it was is asked last, when an app may have another name. */
export async function noted<T>(
  { db, log }: Pick<Instance, 'db' | 'log'>,
  what: () => { app: string | undefined; by: string; text: string },
  work: () => Promise<T>,
): Promise<T> {
  const note = (outcome: string) => {
    const { app, by, text } = what()
    try {
      record(db, { ...(app === undefined ? {} : { app }), by, text: text + outcome })
    } catch (error) {
      log.error({ err: error, text }, 'could not write an event')
    }
  }
  try {
    const answer = await work()
    note(typeof answer === 'number' && answer !== 0 ? ` (exit status ${answer})` : '')
    return answer
  } catch (error) {
    note(error instanceof UserError ? ` (failed: ${error.code})` : ' (failed)')
    throw error
  }
}
