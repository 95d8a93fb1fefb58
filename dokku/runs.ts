import * as z from 'zod'
import { hasStatus } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import { quoteWords } from '#lib/words.ts'
import type { App } from './app.ts'
import { label } from './container.ts'
import { isGenuine, ownerOf, removeContainer } from './containers.ts'
import type { Instance } from './instance.ts'
import { show } from './names.ts'

/** How long a detached run can be looked at after its end. */
const shownMs = 3_600_000

/** How many ended runs of an app can be looked at. */
const shownOf = 10

/** Longer than from one full pass to the next: runs that have longer are timed by a later one. */
const soonMs = 600_000

/** Seconds between SIGTERM and SIGKILL. */
const stopGrace = 10

/** A one-off container. */
export interface Run {
  id: string
  name: string
  appId: number | undefined
  /** The part of its name after the app. */
  dyno: string
  /** The engine's word. */
  state: string
  exitCode: number | undefined
  detached: boolean
  /** ISO times; an end only where it has ended. */
  createdAt: string
  endedAt: string | undefined
  command: string
  ttlSeconds: number | undefined
  address: string
}

const info = z.object({
  Id: z.string(),
  Name: z.string(),
  Created: z.string(),
  Path: z.string(),
  Args: z.array(z.string()),
  State: z.object({ Status: z.string(), ExitCode: z.number(), FinishedAt: z.string() }),
  Config: z.object({ Labels: z.record(z.string(), z.string()) }),
})

/** The one-off containers of an app, or of all, oldest first. */
export async function listRuns(instance: Instance, app?: App): Promise<Run[]> {
  const labels = { [label.instance]: instance.settings.name, [label.type]: 'run', ...(app && { [label.id]: String(app.id) }) }
  const filters = { label: Object.entries(labels).map(([key, value]) => `${key}=${value}`) }
  const found = await instance.engine.listContainers({ all: true, filters })
  const runs = await Promise.all(found.filter((one) => isGenuine(instance, one)).map(({ Id: id }) => inspectRun(instance, id)))
  return runs.filter((run) => run !== undefined).sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
}

/** One of the app's runs by its container's name or by what follows the app in that; UserError `no-such-run`. */
export async function findRun(app: App, name: string): Promise<Run> {
  const run = (await listRuns(app.instance, app)).find((one) => one.name === name || one.dyno === name)
  if (run !== undefined) return run
  throw new UserError('no-such-run', `${app.name} has no run ${show(name)}`, {
    hint: `run:list ${app.name}; an hour after its end a detached run is forgotten`,
  })
}

/** Do these labels belong to a one-off container that outlives its caller? */
export function isDetachedRun(labels: Readonly<Record<string, string>>): boolean {
  return labels[label.type] === 'run' && !(label.session in labels)
}

/** SIGTERM, and SIGKILL after a while; one that has ended is fine. */
export async function stopRun(instance: Instance, id: string): Promise<void> {
  await instance.engine
    .getContainer(id)
    .stop({ t: stopGrace })
    .catch((error: unknown) => {
      if (!hasStatus(error, 304, 404)) throw error
    })
}

/** Ends a run that may take this many seconds, where that is soon; the full pass asks again for one that may take longer. */
export function expireSoon(instance: Instance, id: string, seconds: number | undefined): void {
  if (seconds === undefined || seconds * 1000 > soonMs) return
  const expire = () =>
    stopRun(instance, id).catch((error: unknown) => instance.log.error({ err: error, id }, 'could not stop an overdue run'))
  setTimeout(expire, Math.max(0, seconds * 1000)).unref()
}

/** Part of the full pass: detached runs that take too long end, and those that ended a while ago go. */
export async function sweepRuns(instance: Instance, now = Date.now()): Promise<void> {
  const runs = (await listRuns(instance)).filter(({ detached }) => detached)
  for (const { id, createdAt, ttlSeconds, state } of runs)
    if (state === 'running' && ttlSeconds !== undefined) expireSoon(instance, id, ttlSeconds - (now - Date.parse(createdAt)) / 1000)
  await Promise.all(forgotten(runs, now).map((run) => removeContainer(instance, run)))
}

/** Of detached runs, oldest first: those that ended too long ago, or before too many others of their app. */
export function forgotten(runs: readonly Run[], now: number): Run[] {
  const ended = runs.filter(({ endedAt }) => endedAt !== undefined)
  const old = ended.filter(({ endedAt }) => now - Date.parse(endedAt ?? '') > shownMs)
  const surplus = [...Map.groupBy(ended, ({ appId }) => appId).values()].flatMap((ofApp) => ofApp.slice(0, -shownOf))
  return [...new Set([...old, ...surplus])]
}

/** undefined for one that went meanwhile. */
async function inspectRun(instance: Instance, id: string): Promise<Run | undefined> {
  const found = await instance.engine
    .getContainer(id)
    .inspect()
    .catch((error: unknown) => {
      if (!hasStatus(error, 404)) throw error
    })
  if (found === undefined) return undefined
  const { Id, Name, Created, Path, Args, State, Config } = info.parse(found)
  const ended = State.Status === 'exited' || State.Status === 'dead'
  const { [label.ttl]: ttl, [label.dyno]: dyno = '', [label.address]: address = '' } = Config.Labels
  return {
    id: Id,
    name: Name.slice(1),
    appId: ownerOf(instance, Config.Labels),
    dyno,
    state: State.Status,
    exitCode: ended ? State.ExitCode : undefined,
    detached: isDetachedRun(Config.Labels),
    createdAt: Created,
    endedAt: ended ? State.FinishedAt : undefined,
    command: quoteWords([Path, ...Args]),
    ttlSeconds: ttl === undefined ? undefined : Number(ttl),
    address,
  }
}
