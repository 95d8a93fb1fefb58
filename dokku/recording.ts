import { BuildLog, readLog } from '#lib/build-log.ts'
import { messageOf, UserError } from '#lib/errors.ts'
import { type Output, output, tee } from '#lib/output.ts'
import type { App } from './app.ts'
import { trimCache } from './build-cache.ts'
import type { Build } from './build-record.ts'
import { createBuild, currentBuild, findBuild, logPath, pruneBuilds, storeBuild } from './builds.ts'
import type { By } from './by.ts'
import { engineAway } from './engine-error.ts'
import type { Instance } from './instance.ts'
import { record } from './journal.ts'
import type { LiveBuild } from './live-builds.ts'
import { currentRelease, type Release } from './release.ts'
import type { Source } from './source-kinds.ts'

/**
 * Does the work as a build of the app: its row tells how far it is, its output is kept and can be followed, it can be
 * cancelled. The work says when it is about another source after all.
 */
export async function recordBuild(app: App, source: Source, by: By, work: (by: By) => Promise<Release>): Promise<void> {
  const { instance } = app
  let build = createBuild(app, { source: nameOf(source), by: by.user })
  const log = new BuildLog(logPath(app, build.number))
  const said = output(
    (text) => log.write(text),
    (text) => log.write(text),
  )
  const { promise: ended, resolve: end } = Promise.withResolvers<Build>()
  const live: LiveBuild = { log, cancel: new AbortController(), ended, waitsForSlot: false }
  const { signal } = live.cancel
  const giveUp = () => live.cancel.abort(by.signal?.reason)
  by.signal?.addEventListener('abort', giveUp, { once: true })
  if (by.signal?.aborted) giveUp()
  instance.builds.set(build.id, live)
  let builtAt: number | undefined
  const store = (change: Partial<Build>) => {
    build = { ...build, ...change }
    quietly(instance, () => storeBuild(instance, build))
  }
  const stage: NonNullable<By['stage']> = (status, version) => {
    if (status === 'building') store({ status, startedAt: now() })
    else if (status === 'deploying') {
      builtAt = Date.now()
      store({ status, version: version ?? null })
    } else {
      live.waitsForSlot = true
      instance.builds.delete(build.id)
      instance.builds.set(build.id, live)
    }
  }
  let subject = source
  const about = (now: Source) => {
    subject = now
    store({ source: nameOf(now) })
  }
  try {
    const { version } = await work({ user: by.user, output: tee(by.output, said), signal, stage, about })
    store({ status: 'succeeded', version, finishedAt: now() })
  } catch (thrown) {
    const released = isReleased(app, build)
    const cancelled = signal.aborted && !released
    const error: unknown = cancelled ? signal.reason : engineAway(thrown)
    warn(said, error)
    store({
      status: cancelled ? 'cancelled' : 'failed',
      version: released ? build.version : null,
      error: oneLine(error),
      finishedAt: now(),
    })
    throw error
  } finally {
    by.signal?.removeEventListener('abort', giveUp)
    log.end()
    instance.builds.delete(build.id)
    quietly(instance, () => recordEnd(app, build, build.createdBy))
    await pruneBuilds(app).catch((error: unknown) => instance.log.error({ err: error }, 'old builds could not be forgotten'))
    // Only now: as long as the image of a failed deploy is there, its layers are no part of the cache.
    if (subject.kind === 'commit' && build.startedAt !== null)
      void trimCache(instance, { from: Date.parse(build.startedAt), to: builtAt ?? Date.now() })
    end(build)
  }
}

/**
 * Gives up a build: this one, else the one that runs, else the first that waits. Answers it as it ended, or as it
 * is when it was not under way; undefined when no build was. UserError `build-released` once its release is stored.
 */
export async function cancelBuild(app: App, number: number | undefined, user: string): Promise<Build | undefined> {
  const build = number === undefined ? currentBuild(app) : findBuild(app, number)
  const live = build && app.instance.builds.get(build.id)
  if (build === undefined || live === undefined) return build
  const tooLate = () =>
    new UserError('build-released', `It is too late to cancel build ${build.number} of ${app.name}: its release is stored`, {
      hint: `releases:rollback ${app.name} goes back`,
    })
  if (isReleased(app, build)) throw tooLate()
  live.cancel.abort(new UserError('build-cancelled', `Build ${build.number} of ${app.name} was cancelled by ${user}`))
  const ended = await live.ended
  if (ended.status !== 'cancelled') throw tooLate()
  return ended
}

/** Gives what a build said, and goes on until it ends while it is under way, or until the follower leaves. */
export async function followBuild(app: App, build: Build, write: (text: string) => void, signal: AbortSignal): Promise<void> {
  const live = app.instance.builds.get(build.id)
  await (live === undefined ? readLog(logPath(app, build.number), write) : live.log.follow(write, signal))
}

/** Has it become the release that serves? Nothing else changes its app while it deploys. */
export function isReleased(app: App, { status, version }: Build): boolean {
  return status === 'deploying' && version !== null && currentRelease(app)?.version === version
}

/** One event for a build that has ended. */
export function recordEnd(app: App, { number, source, status, version, error }: Build, by: string): void {
  const end = error === null ? `${status} as v${version}` : `${status}: ${error}`
  record(app.instance.db, { app: app.name, by, text: `Build ${number} (${shortSource(source)}) ${end}` })
}

function nameOf(source: Source): string {
  if (source.kind === 'remote') return [source.remote.url, source.ref].filter(Boolean).join(' ')
  return source.kind === 'image' ? source.reference : source.commit
}

/** A commit as people say it; an image reference as it is. */
export function shortSource(source: string): string {
  return /^[0-9a-f]{40}$/.test(source) ? source.slice(0, 8) : source
}

/** The words the caller gets from whoever prints the error, for those who follow. */
function warn(said: Output, error: unknown): void {
  said.warn(messageOf(error))
  if (error instanceof UserError && error.hint !== undefined) said.warn(error.hint)
}

/** Bookkeeping that fails, on a full disk say, must not fail the build it is about. */
function quietly(instance: Instance, work: () => void): void {
  try {
    work()
  } catch (error) {
    instance.log.error({ err: error }, 'what became of a build could not be written down')
  }
}

function oneLine(error: unknown): string {
  const [first = ''] = messageOf(error).split('\n')
  return first.length > 300 ? `${first.slice(0, 300)}...` : first
}

function now(): string {
  return new Date().toISOString()
}
