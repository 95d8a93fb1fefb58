import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { hasCode } from '#lib/errors.ts'
import { freeAddress } from './addresses.ts'
import { numberedApp } from './app.ts'
import { joinNetworks } from './app-network.ts'
import { label, stageOf } from './container.ts'
import { finalName, listContainers, ownerOf } from './containers.ts'
import { untilAppliance } from './health.ts'
import { type Instance, objectNames } from './instance.ts'
import { record, recordOnce } from './journal.ts'
import { relink } from './links.ts'
import { killedJustNow } from './memory.ts'
import { patience } from './patience.ts'
import { reconcile, reconcileApp } from './reconcile.ts'
import { isDetachedRun } from './runs.ts'

interface EngineEvent {
  Action: string
  Actor: { ID: string; Attributes: Record<string, string> }
}

/** What may change an app's containers without our doing. Starting is no event of ours: what ended is what we notice. */
const followed = ['die', 'destroy', 'oom', 'pause', 'rename', 'start']

/** How often everything is looked at, whatever the events said. */
const fullPassMs = 5 * 60_000

/** The first time is soon: what the engine still did for the control before this one, such as the end of a build, no event told. */
const firstPassMs = 15_000

/**
 * How often in a row, twice a second, the engine's socket may refuse. An engine that is restarted on its own may have made
 * a new one, and only a new start of our container lets us see it.
 */
const refusals = 60

/**
 * Follows the engine's events: heals the other two roles, puts right what somebody did to an app's containers, and what
 * apps are linked to. A slow full pass, and one whenever the engine was away, finds what no event told.
 */
export function followEngine(instance: Instance, heal: () => Promise<void>): { lost: Promise<void>; close(): void } {
  const names = objectNames(instance.settings.name)
  const ended = new AbortController()
  const again = patience()
  let stream: Readable | undefined

  const pass = async (): Promise<void> => {
    await heal()
    await joinNetworks(instance)
    const { settled } = await reconcile(instance)
    await settled
  }
  const logged = (what: Promise<void>): void =>
    void what.catch((error: unknown) => instance.log.error({ err: error }, 'could not bring about what should be'))

  const handle = async ({ Action: action, Actor: { ID: id, Attributes: attributes } }: EngineEvent): Promise<void> => {
    const name = attributes.name ?? ''
    if (attributes[label.instance] !== instance.settings.name) {
      if (action === 'start') await relink(instance, name)
      return
    }
    // Docker does not restart what `docker kill` or `docker stop` ended.
    if (name === names.gateway || name === names.appliance) {
      if (action === 'destroy' || action === 'die') await heal()
      if (action === 'start' && name === names.appliance) {
        await untilAppliance(instance)
        await pass()
      }
      return
    }
    const address = action === 'destroy' ? attributes[label.address] : undefined
    // What is gone may have been a copy, with the labels of one that is there.
    if (address && (await listContainers(instance, { [label.address]: address })).every((one) => one.address !== address))
      freeAddress(instance.db, address)
    const owner = ownerOf(instance, attributes)
    const app = owner === undefined ? undefined : numberedApp(instance, owner)
    if (app !== undefined && action === 'die' && isDetachedRun(attributes))
      record(instance.db, { app: app.name, by: 'dokku', text: `${attributes[label.dyno]} ended (exit status ${attributes.exitCode})` })
    if (app !== undefined && action === 'oom') {
      instance.crashes.oom(app, attributes[label.dyno] ?? '')
      const text = `${attributes[label.dyno]} ${await killedJustNow(instance.engine, id)}`
      return recordOnce(instance.db, { app: app.name, by: 'dokku', text })
    }
    if (app === undefined || action === 'start' || attributes[label.type] !== 'deploy' || stageOf(name) === 'retiring') return
    // One that never served is of a deploy, which says itself why it failed.
    if (action === 'die' && stageOf(name) === 'serving' && !app.state.stopped)
      instance.crashes.ended(app, attributes[label.dyno] ?? '', Number(attributes.exitCode))
    const container = { process: attributes[label.process] ?? '', index: Number(attributes[label.index]) }
    if (action === 'rename' && name === finalName(app, container)) return
    // Old engines tell before their list knows; an inspection waits for the container's lock, and so until it does.
    if (action !== 'destroy')
      await instance.engine
        .getContainer(id)
        .inspect()
        .catch(() => undefined)
    await again(app.id, () => reconcileApp(app), ended.signal)
  }

  const follow = async (): Promise<void> => {
    stream = (await instance.engine.getEvents({
      filters: { type: ['container'], event: followed },
    })) as Readable
    if (missed) logged(pass())
    for await (const line of createInterface({ input: stream })) logged(handle(JSON.parse(line) as EngineEvent))
  }
  let missed = false

  const lost = Promise.withResolvers<void>()
  const keepFollowing = async (): Promise<void> => {
    let refused = 0
    while (!ended.signal.aborted) {
      try {
        await follow()
        refused = 0
      } catch (error) {
        instance.log.warn({ err: error }, 'the engine does not answer')
        refused = hasCode(error, 'ECONNREFUSED', 'ENOENT') ? refused + 1 : 0
        if (refused === refusals) lost.resolve()
      }
      missed = true
      if (!ended.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
  void keepFollowing()
  const timers = [setTimeout(() => logged(pass()), firstPassMs), setInterval(() => logged(pass()), fullPassMs)]

  return {
    /** Resolves when the engine's socket is dead for us. */
    lost: lost.promise,
    close() {
      for (const timer of timers) clearInterval(timer)
      ended.abort()
      stream?.destroy()
    },
  }
}
