import type { Session } from '#execd'
import type { Output } from '#lib/output.ts'
import type { Identity } from './access.ts'
import type { App } from './app.ts'
import type { Instance } from './instance.ts'

/** What every command gets beside its arguments. */
export interface Context {
  readonly instance: Instance
  readonly identity: Identity
  readonly session: Session
  readonly output: Output
  /** `--quiet`: no headers. */
  readonly quiet: boolean
  /** `--force`: no questions. */
  readonly force: boolean
}

/** Runs what changes an app after whatever changes it now. */
export function changing<T>(app: App, context: Context, work: () => Promise<T>): Promise<T> {
  return app.instance.inOrder(app.id, work, () => context.output.step(`Waiting for another change of ${app.name} to end`))
}

/** Calls `leave` once the caller is gone, at once when that was before. */
export function whenGone(session: Session, leave: () => void): void {
  if (session.closed.aborted) leave()
  else session.closed.addEventListener('abort', leave, { once: true })
}
