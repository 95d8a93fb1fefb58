import * as z from 'zod'
import { messageOf, UserError } from '#lib/errors.ts'
import { type App, numberedApp } from './app.ts'
import { runCheck } from './command-check.ts'
import type { AppContainer } from './container.ts'
import { containersOf } from './containers.ts'
import type { Instance } from './instance.ts'
import { record } from './journal.ts'
import type { Healthcheck } from './manifest.ts'
import { onFailure } from './on-failure.ts'
import { probeTargetOf } from './probe-target.ts'
import { currentRelease } from './release.ts'

/** How often it is looked whether a check is due. */
const beatMs = 1_000

/** The longest that is waited after a restart, in seconds. */
const longestRest = 300

/** Checks at once, over all apps. */
const most = 8

const found = z.object({ id: z.number() })

interface Pulse {
  dueAt: number
  failures: number
  restarts: number
}

/** Asks what runs whether it is alive, as app.json says, and restarts a container that fails as often as it may. */
export function watchLiveness(instance: Instance): { close(): void } {
  const pulses = new Map<string, Pulse>()
  let busy = false
  const beat = async () => {
    if (busy) return
    busy = true
    try {
      const due = await dueChecks(instance, pulses, performance.now())
      for (let n = 0; n < due.length; n += most)
        await Promise.all(
          due.slice(n, n + most).map((one) => look(instance, one).catch((error: unknown) => instance.log.warn({ err: error }))),
        )
    } catch (error) {
      instance.log.warn({ err: error }, 'liveness could not be looked at')
    } finally {
      busy = false
    }
  }
  const timer = setInterval(() => void beat(), beatMs)
  timer.unref()
  return { close: () => clearInterval(timer) }
}

interface Due {
  app: App
  container: AppContainer
  check: Healthcheck
  pulse: Pulse
}

async function dueChecks(instance: Instance, pulses: Map<string, Pulse>, now: number): Promise<Due[]> {
  const due: Due[] = []
  const seen = new Set<string>()
  for (const app of livingApps(instance)) {
    const checks = currentRelease(app)?.manifest.healthchecks ?? {}
    for (const container of await containersOf(app)) {
      if (container.stage !== 'serving' || container.state !== 'running') continue
      for (const [n, check] of (checks[container.process] ?? []).entries()) {
        if (check.type !== 'liveness') continue
        const key = `${container.id} ${n}`
        seen.add(key)
        const pulse = pulses.get(key) ?? { dueAt: now + (check.initialDelay + (check.wait ?? 5)) * 1000, failures: 0, restarts: 0 }
        pulses.set(key, pulse)
        if (pulse.dueAt <= now) due.push({ app, container, check, pulse })
      }
    }
  }
  for (const key of pulses.keys()) if (!seen.has(key)) pulses.delete(key)
  return due
}

/** The apps that run and have such checks: one question for all, because it is asked each second. */
function livingApps(instance: Instance): App[] {
  const rows = instance.db.all(
    found,
    `SELECT a.id FROM apps a JOIN releases r ON r.id = a.release_id WHERE a.stopped = 0 AND instr(r.manifest, '"liveness"') > 0`,
  )
  return rows.flatMap(({ id }) => numberedApp(instance, id) ?? [])
}

async function look(instance: Instance, { app, container, check, pulse }: Due): Promise<void> {
  const failure = await failureOf(app, container, check)
  pulse.dueAt = performance.now() + (check.wait ?? 5) * 1000
  pulse.failures = failure === undefined ? 0 : pulse.failures + 1
  if (failure === undefined || pulse.failures < (check.attempts ?? 3) || instance.stopping.aborted) return
  pulse.failures = 0
  pulse.restarts += 1
  // One that never gets well is restarted ever later.
  pulse.dueAt += (check.initialDelay + Math.min(longestRest, 2 ** pulse.restarts)) * 1000
  const restarted = check.warn === true ? 'left as it is' : 'restarted'
  record(instance.db, {
    app: app.name,
    by: 'dokku',
    text: `${container.process}.${container.index} failed its liveness check (${failure}): ${restarted}`,
  })
  await onFailure(app, container, check, failure)
  // After whatever changes the app now, which may have replaced it.
  if (check.warn !== true)
    await instance.inOrder(app.id, async () => {
      const [still] = (await containersOf(app)).filter(({ id, stage }) => id === container.id && stage === 'serving')
      if (still !== undefined) await instance.engine.getContainer(still.id).restart({ t: 30 })
    })
}

/** What is wrong, in words; undefined where it answers. */
async function failureOf(app: App, container: AppContainer, check: Healthcheck): Promise<string | undefined> {
  const signal = app.instance.stopping
  if (check.uptime !== undefined) return undefined
  if (check.command !== undefined) {
    const status = await runCheck(app, container, check, signal)
    return status === 0 ? undefined : status === undefined ? 'no answer in its time' : `exit status ${status}`
  }
  try {
    await app.instance.appliance.probe(
      probeTargetOf(app, container, check),
      { timeoutMs: (check.timeout ?? 5) * 1000, intervalMs: 1000 },
      signal,
    )
    return undefined
  } catch (error) {
    if (error instanceof UserError && error.code === 'not-ready') return messageOf(error)
    throw error
  }
}
