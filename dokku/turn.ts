import type { App } from './app.ts'
import type { By } from './by.ts'
import { recordBuild } from './recording.ts'
import type { Release } from './release.ts'
import { duringFirst } from './routing.ts'
import type { Source } from './source-kinds.ts'
import { receive } from './workflow.ts'

/** What else belongs to a turn. */
export interface Turn {
  /** Must hold when the turn comes; what it throws declines the build. */
  check?: () => Promise<void>
  /** What to build when the turn comes, where a change before it may have made it something else. */
  latest?: () => Promise<Source>
  /** The app's next change begins only after this. */
  until?: Promise<void>
}

/** Builds, releases and deploys a source after whatever changes the app now; the wait is part of the build that is recorded. */
export async function receiveInTurn(app: App, source: Source, by: By, { check, latest, until }: Turn = {}): Promise<void> {
  await recordBuild(app, source, by, (by) => {
    const received = Promise.withResolvers<Release>()
    const turn = async () => {
      const work = async () => {
        app.assertUnlocked()
        await check?.()
        const now = (await latest?.()) ?? source
        by.about?.(now)
        return await duringFirst(app, () => receive(app, now, by))
      }
      await work().then(received.resolve, received.reject)
      await until
    }
    const onWait = () => by.output.detail(`Waiting for another change of ${app.name} to end`)
    app.instance.inOrder(app.id, turn, onWait, by.signal).catch(received.reject)
    return received.promise
  })
}
