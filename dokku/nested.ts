import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import { UserError } from '#lib/errors.ts'
import type { Output } from '#lib/output.ts'
import type { Identity } from './access.ts'

/** On whose behalf something is done, and where its lines go. */
export interface Acting {
  readonly identity: Identity
  readonly output: Output
}

const acting = new AsyncLocalStorage<Acting>()

/** Does a command as somebody. */
export function actAs<T>(who: Acting, work: () => Promise<T>): Promise<T> {
  return acting.run(who, work)
}

/** Who does what is being done; nobody, where control does it by itself. */
export function actor(): Acting | undefined {
  return acting.getStore()
}

type Runner = <T>(work: () => T) => T

/** Calls of plugins that are under way, by their marks: each can run something as if it were part of what called the plugin. */
const calls = new Map<string, Runner>()

/**
 * Calls a plugin's program with a mark. While it runs, a `dokku` command with that mark has the rights of whoever called
 * the plugin, and the turns they hold: it never waits for them.
 */
export async function callingPlugin<T>(work: (mark: string) => Promise<T>): Promise<T> {
  const mark = randomBytes(16).toString('hex')
  calls.set(mark, AsyncLocalStorage.snapshot())
  try {
    return await work(mark)
  } finally {
    calls.delete(mark)
  }
}

/** Runs what a plugin asked for by a mark within the call it has; UserError `nested-call-over`. */
export async function within<T>(mark: string, work: () => Promise<T>): Promise<T> {
  const run = calls.get(mark)
  if (run !== undefined) return await run(work)
  throw nestedCallOver()
}

/** UserError `nested-call-over`. */
export function nestedCallOver(): UserError {
  return new UserError('nested-call-over', 'no call of a plugin is under way to which this one belongs', {
    hint: 'a plugin may call dokku while its hook or command runs, not from what it leaves running in the background',
  })
}
