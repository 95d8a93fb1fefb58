import { setTimeout as sleep } from 'node:timers/promises'
import { eventually, ok } from '../e2e/harness/programs.ts'
import { engineFaults, faults } from './faults.ts'
import { brokenOf } from './invariants.ts'
import { type Operation, type OperationName, operations } from './operations.ts'
import { type AppState, appsOf, untouched } from './outcome.ts'
import { type Random, randomOf } from './random.ts'
import type { Rig } from './rig.ts'
import { readTruth, type Truth } from './truth.ts'

/** How long everything may take to be as it should after a fault. */
const convergesWithinMs = 60_000
/** Seconds for an engine that starts with everything on it. */
const engineWithinMs = 120_000

/** The life of one app: each step is one operation with one fault in the midst of it. */
export interface Run {
  seed: number
  run: number
  /** How many operations; the first deploys the app, the last destroys it. */
  steps: number
  /** Is told each step as it begins and ends. */
  say(line: string): void
}

/** What did not hold, with all that is needed to have it again. */
export class Broken extends Error {
  override name = 'Broken'
}

/** Lives one life of an app; gives the number of faults that struck. Throws Broken at the first invariant that does not hold. */
export async function live(rig: Rig, { seed, run, steps, say }: Run): Promise<number> {
  const names = new Set([`app-${run}`])
  let name = `app-${run}`
  let struck = 0
  for (let step = 0; step < steps; step++) {
    const random = randomOf(seed, run, step)
    const truth = await converged(rig, names)
    const before = appsOf(truth.stored).get(name) ?? unborn(name)
    const kind = chosen(before, step, steps, random)
    const { begin, steps: length } = operations[kind]
    const [at, jitter] = [random.int(0, length), random.int(0, 50)]
    const possible = { ...faults, ...(rig.second === undefined ? {} : engineFaults) }
    const target = pickFault(rig, random)
    const operation: Operation = { steps: length, ...(await begin(rig, before, random)) }
    for (const one of operation.names ?? []) names.add(one)
    const title = `run ${run} step ${step}: ${operation.words}, ${target} at ${at} + ${jitter} ms`
    try {
      const said = await strike(rig, operation, { at, jitter, target, prepare: possible[target], random })
      struck++
      const { moment, status } = said
      await barrier(rig, [name, ...(operation.names ?? [])])
      const after = await converged(rig, names, (truth) => verdict(operation, status, before, truth, target), target in engineFaults)
      const apps = appsOf(after.stored)
      say(`${title} (${moment}): ${status === 0 ? 'done' : `status ${status}`}`)
      for (const clone of operation.names ?? []) if (apps.has(clone) && apps.has(name)) await destroy(rig, clone)
      name = apps.has(name) ? name : (operation.names?.find((one) => apps.has(one)) ?? name)
    } catch (error) {
      const log = await rig.instance.engine.docker(['logs', '--tail', '40', rig.instance.name])
      const what = error instanceof Error ? error.message : error
      throw new Broken(`seed ${seed}, ${title}\n${what}\nControl said last:\n${log.stdout}${log.stderr}`, { cause: error })
    }
  }
  return struck
}

/** What is done next: deploys until there is something to change, and destroys at the end. */
function chosen(app: AppState, step: number, steps: number, random: Random): OperationName {
  const deploy = random.pick(['image', 'push'] as const)
  const other = random.pick([
    ...(['image', 'push', 'cancel', 'scale', 'scale', 'config', 'config', 'rollback', 'restart'] as const),
    ...(['restart', 'stop', 'start', 'rename', 'clone'] as const),
  ])
  if (step === steps - 1) return 'destroy'
  if (app.current === undefined) return deploy
  if (app.stopped && random.int(0, 1) === 0) return 'start'
  return other === 'rollback' && app.releases.length < 2 ? 'config' : other
}

function pickFault(rig: Rig, random: Random): string {
  const everywhere = [
    ...(['daemon', 'daemon', 'daemon', 'daemon', 'control', 'control', 'replace', 'gateway', 'appliance'] as const),
    ...(['container kill', 'container stop', 'container rm', 'container pause', 'container rename'] as const),
  ] as const
  const engine = random.pick(['engine kill', 'power loss'] as const)
  const other = random.pick(everywhere)
  return rig.second !== undefined && random.int(0, 1) === 0 ? engine : other
}

interface Strike {
  at: number
  jitter: number
  target: string
  prepare: (typeof faults)[string] | undefined
  random: Random
}

/** Does the operation, and something bad as soon as so many steps were seen, or when it ends before that. */
async function strike(rig: Rig, operation: Operation, { at, jitter, target, prepare, random }: Strike) {
  if (prepare === undefined) throw new Error(`${target} is no fault`)
  const fault = await prepare(rig, random)
  const reached = rig.steps.until(at)
  const running = operation.run()
  const moment = await Promise.race([reached, running.then(() => 'the end')])
  await sleep(jitter)
  await fault.strike()
  await fault.recover?.()
  await eventually(() => rig.untilHealthy(), engineWithinMs / 1000)
  const status = await running
  fault.over?.()
  return { moment, status }
}

/** Waits until nothing that was asked for is under way: a change of nothing has its turn after all others of the app. */
async function barrier(rig: Rig, names: Iterable<string>): Promise<void> {
  for (const name of names)
    await eventually(async () => {
      const { exitCode, stderr } = await rig.instance.ssh('config:unset', '--no-restart', name, 'NOTHING')
      if (exitCode === 255 || exitCode === undefined) throw new Error(stderr)
    })
}

async function destroy(rig: Rig, app: string): Promise<void> {
  ok(await rig.instance.ssh('--force', 'apps:destroy', app))
}

/** Reads the truth until nothing is broken, again with each step that is seen; the last that was broken is the answer in the end. */
async function converged(rig: Rig, names: Iterable<string>, also: (truth: Truth) => string[] = () => [], engine = false): Promise<Truth> {
  const deadline = performance.now() + (engine ? engineWithinMs : convergesWithinMs)
  for (;;) {
    const truth = await readTruth(rig, names).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))
    const broken = truth instanceof Error ? [truth.message] : [...brokenOf(truth, rig.instance.name), ...also(truth)]
    if (!(truth instanceof Error) && broken.length === 0) return truth
    if (performance.now() > deadline) throw new Error(broken.join('\n'))
    await Promise.race([rig.steps.next().then(() => sleep(100)), sleep(1500)])
  }
}

/** An acknowledged operation happened as a whole; another one did so or not at all. */
function verdict(operation: Operation, status: number | undefined, before: AppState, { stored }: Truth, target: string): string[] {
  const after = appsOf(stored)
  const whole = operation.whole({ before, after })
  const more = operation.acknowledged?.({ before, after }) ?? []
  if (status === 0) return [...whole, ...more].map((one) => `${operation.words} was acknowledged, but ${one}`)
  const none = isUnborn(before) ? [] : untouched({ before, after })
  const instead = operation.instead?.({ before, after }) ?? whole
  if ([whole, none, instead].some((wrong) => wrong.length === 0))
    return ended(operation, whole.length === 0 || instead.length === 0, before, after, target)
  return [`${operation.words} happened in part: neither ${whole.join(', ')} nor ${none.join(', ')}`]
}

/** A build under which control ended is marked so. */
function ended(operation: Operation, whole: boolean, before: AppState, after: ReadonlyMap<string, AppState>, target: string): string[] {
  const build = after.get(before.name)?.builds.at(-1)
  if (!operation.builds || build === undefined || build.number === before.builds.at(-1)?.number) return []
  const wanted = whole ? ['succeeded', 'cancelled'] : ['failed', 'cancelled', 'interrupted']
  return wanted.includes(build.status) ? [] : [`build ${build.number} is ${build.status} after ${target}, not ${wanted.join(' or ')}`]
}

function unborn(name: string): AppState {
  return { name, stopped: false, restarts: 0, releases: [], current: undefined, config: {}, head: '', processes: [], builds: [] }
}

function isUnborn({ current, builds }: AppState): boolean {
  return current === undefined && builds.length === 0
}
