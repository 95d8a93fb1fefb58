import { UserError } from '#lib/errors.ts'
import type { Identity } from './access.ts'
import { appendAudit, type Door } from './audit.ts'
import { whileIn } from './credentials.ts'
import type { Instance } from './instance.ts'

/** What somebody's command turns out to be about, told as it becomes known. */
export interface About {
  app?: string | undefined
  /** The command line, without what is secret. */
  text: string
  changes: boolean
  /** The code of a failure that is no exit status: of a push that was declined. */
  error?: string | undefined
  /** The version of the release that it made. */
  release?: number | undefined
}

/** How a command ended; `note` writes that to the audit trail. */
export interface Served {
  readonly status: number
  readonly about: Readonly<About>
  readonly note: () => void
}

/** Does what somebody asks for who came in by a door; what is thrown, `fail` says to them and makes a status. */
export async function serveCaller(
  instance: Instance,
  { caller, door }: { caller: Identity; door: Door },
  work: (identity: Identity, about: About) => Promise<number>,
  fail: (error: unknown) => number,
): Promise<Served> {
  const about: About = { text: '', changes: false }
  const started = performance.now()
  let status: number
  let error: string | undefined
  try {
    status = await whileIn(caller, async (identity) => await work(identity, about))
  } catch (thrown) {
    status = fail(thrown)
    error = codeOf(thrown)
  }
  const ms = Math.round(performance.now() - started)
  instance.log.info({ user: caller.name, command: about.text.split(' ')[0], status, ms }, 'command')
  const note = () => {
    const { app, text, release } = about
    const failed = error ?? about.error
    try {
      appendAudit(instance.db, {
        by: caller.name,
        credential: caller.credential,
        door,
        app,
        text,
        status: failed === undefined ? status : status || 1,
        error: failed,
        release,
      })
    } catch (failure) {
      instance.log.error({ err: failure, text }, 'could not be written to the audit trail')
    }
  }
  return { status, about, note }
}

/** By which word the trail names a failure. */
export function codeOf(error: unknown): string {
  return error instanceof UserError ? error.code : 'failed'
}
