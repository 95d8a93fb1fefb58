import type { Session } from '#execd'
import type { Group } from '#lib/command.ts'
import { UserError } from '#lib/errors.ts'
import type { Output } from '#lib/output.ts'
import type { Globals } from '#lib/resolve.ts'
import type { Identity, Right } from './access.ts'
import type { App } from './app.ts'
import type { Instance } from './instance.ts'

/** What every command gets beside its arguments: `--quiet` asks for no headers, `--force` for no questions. */
export interface Context extends Globals {
  readonly instance: Instance
  readonly identity: Identity
  readonly session: Session
  readonly output: Output
  /** All commands there are. */
  readonly groups: readonly Group<Context, Right>[]
}

/** Runs what changes an app after whatever changes it now. */
export function changing<T>(app: App, context: Context, work: () => Promise<T>): Promise<T> {
  return app.instance.inOrder(app.id, work, () => context.output.step(`Waiting for another change of ${app.name} to end`))
}

/** The same for what deploys: a locked app refuses it, before anything of it is done. */
export function deploying<T>(app: App, context: Context, work: () => Promise<T>): Promise<T> {
  return changing(app, context, async () => {
    app.assertUnlocked()
    return await work()
  })
}

/** All of standard input as text; UserError `too-much-input` or `not-text`. */
export async function readInput(context: Context, most: number): Promise<string> {
  return textIn(await readBytes(context, most))
}

/** All of standard input as it is; UserError `too-much-input`. */
export async function readBytes({ session }: Context, most: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of session.stdin as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > most) throw new UserError('too-much-input', `standard input holds more than ${most} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Bytes of standard input as text; UserError `not-text`. */
export function textIn(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new UserError('not-text', 'standard input is not UTF-8 text', { cause })
  }
}

/** Calls `leave` once the caller is gone, at once when that was before. */
export function whenGone(session: Session, leave: () => void): void {
  when(session.closed, leave)
}

/** Aborted once nobody follows any more: the caller is gone, or control stops. */
export function followed({ session, instance }: Pick<Context, 'session' | 'instance'>): AbortSignal {
  return AbortSignal.any([session.closed, instance.stopping])
}

/** Calls `act` once the signal is aborted, at once when that was before. */
export function when(signal: AbortSignal, act: () => void): void {
  if (signal.aborted) act()
  else signal.addEventListener('abort', act, { once: true })
}
