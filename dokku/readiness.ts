import { messageOf, UserError } from '#lib/errors.ts'
import type { App } from './app.ts'
import { checksNumber, isChecksNumberSet, isListed } from './checks.ts'
import { untilCommand } from './command-check.ts'
import type { AppContainer } from './container.ts'
import { record } from './journal.ts'
import { listeningIn } from './listening.ts'
import type { Healthcheck, Manifest } from './manifest.ts'
import { killedForMemory } from './memory.ts'
import { onFailure } from './on-failure.ts'
import { probeTargetOf } from './probe-target.ts'

/** How long a web process may take to listen when its repository says nothing: Heroku's boot timeout. */
const bootTimeoutMs = 60_000

/** Resolves when the container may serve; throws UserError when it ends or does not get ready in time, and the signal's reason once that is aborted. */
export async function untilReady(app: App, container: AppContainer, manifest: Manifest, signal?: AbortSignal): Promise<void> {
  const ended = new AbortController()
  const stop = () => ended.abort()
  signal?.addEventListener('abort', stop)
  if (signal?.aborted) stop()
  const exit = app.instance.engine
    .getContainer(container.id)
    .wait({ condition: 'not-running', abortSignal: ended.signal })
    .then(
      async ({ StatusCode }: { StatusCode: number }) => {
        throw await ending(app, container, StatusCode)
      },
      (error: unknown) => {
        if (!ended.signal.aborted) throw error
      },
    )
  const ready = allChecks(app, container, manifest.healthchecks[container.process] ?? [], ended.signal)
  try {
    await Promise.race([ready, exit])
    signal?.throwIfAborted()
  } finally {
    signal?.removeEventListener('abort', stop)
    ended.abort()
    await Promise.allSettled([ready, exit])
  }
}

/** Why a process that ended before it was ready did so. */
async function ending({ instance }: App, { id, process, index }: AppContainer, status: number): Promise<UserError> {
  // One that was removed cannot be asked any more.
  const killed = await killedForMemory(instance.engine, id).catch(() => undefined)
  return killed === undefined
    ? new UserError('process-exited', `${process}.${index} exited with status ${status} before it was ready`)
    : new UserError('out-of-memory', `${process}.${index} ${killed} before it was ready`, {
        hint: 'let it use less, or raise DOKKU_APP_MEMORY, which each container of an app may use',
      })
}

async function allChecks(app: App, container: AppContainer, described: Healthcheck[], signal: AbortSignal): Promise<void> {
  if (isListed(app, 'skipped', container.process)) return
  const checks = described.filter((check) => check.type !== 'liveness')
  if (checks.length === 0) {
    if (container.process === 'web') await probe(app, container, undefined, signal)
    else await stayUp(checksNumber(app, 'default-wait') * 1000, signal)
    return
  }
  await Promise.all(
    checks.map(async (check) => {
      try {
        await oneCheck(app, container, check, signal)
      } catch (error) {
        if (error instanceof UserError && check.onFailure !== undefined) await onFailure(app, container, check, messageOf(error))
        if (check.warn !== true || !(error instanceof UserError)) throw error
        record(app.instance.db, { app: app.name, by: 'dokku', text: `a check that only warns failed: ${messageOf(error)}` })
      }
    }),
  )
}

function oneCheck(app: App, container: AppContainer, check: Healthcheck, signal: AbortSignal): Promise<void> {
  if (check.uptime !== undefined) return stayUp(check.uptime * 1000, signal)
  return check.command === undefined ? probe(app, container, check, signal) : untilCommand(app, container, check, signal)
}

/** Only the appliance can reach an app, so it is the one who asks. */
async function probe(app: App, container: AppContainer, check: Healthcheck | undefined, signal: AbortSignal): Promise<void> {
  const target = probeTargetOf(app, container, check)
  // Dokku's attempts, timeout and wait bound how long we ask; how often is ours: as soon as it may be ready.
  const timeoutMs = check === undefined ? bootMs(app) : patienceMs(app, check)
  try {
    await app.instance.appliance.probe(
      target,
      { timeoutMs, intervalMs: 25, ...(check === undefined ? {} : { initialDelayMs: check.initialDelay * 1000 }) },
      signal,
    )
  } catch (error) {
    if (signal.aborted) return
    if (!(error instanceof UserError && error.code === 'not-ready')) throw error
    const elsewhere = await listeningIn(app.instance, container).catch(() => [])
    throw new UserError(
      'not-ready',
      `${container.process}.${container.index} did not answer ${check?.path ?? `on port ${target.port}`} within ${timeoutMs / 1000} seconds: ${messageOf(error)}; ${
        elsewhere.length === 0 ? 'it listens nowhere' : `it listens on ${elsewhere.join(', ')}`
      }`,
      { cause: error, hint: `listen on 0.0.0.0 and the port in PORT (${target.port}), or describe healthchecks in app.json` },
    )
  }
}

/** How long a check is tried for; what its repository does not say is as checks:set has it. */
function patienceMs(app: App, { attempts, timeout, wait }: Partial<Healthcheck>): number {
  const seconds = (timeout ?? checksNumber(app, 'timeout')) + (wait ?? checksNumber(app, 'wait'))
  return (attempts ?? checksNumber(app, 'attempts')) * seconds * 1000
}

/** The same where there is no check. */
function bootMs(app: App): number {
  return (['attempts', 'timeout', 'wait'] as const).some((key) => isChecksNumberSet(app, key)) ? patienceMs(app, {}) : bootTimeoutMs
}

/** A process without a port is ready once it has stayed up; its exit interrupts the wait. */
async function stayUp(milliseconds: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
