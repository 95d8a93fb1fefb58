import type { BuildLog } from '#lib/build-log.ts'
import type { Build } from './build-record.ts'

/** A build that this process records: what is not in its row. */
export interface LiveBuild {
  readonly log: BuildLog
  /** Aborting gives the build up; the reason is the error it then fails with. */
  readonly cancel: AbortController
  /** How it ended, once that is stored. */
  readonly ended: Promise<Build>
  /** Does it wait for a build slot only, and no longer for other changes of its app? */
  waitsForSlot: boolean
}

/** Builds under way by their ids; those that wait for a slot in the order in which they get one. */
export type LiveBuilds = Map<number, LiveBuild>

/** What runs, and then what waits in the order in which it gets its turn, as far as that is decided. */
export function inQueueOrder<T extends { build: { id: number; status: string } }>(builds: readonly T[], live: LiveBuilds): T[] {
  const places = new Map([...live.keys()].map((id, place) => [id, place]))
  const rank = ({ build: { id, status } }: T) => (status !== 'queued' ? 0 : live.get(id)?.waitsForSlot ? 1 : 2)
  const place = ({ build: { id } }: T) => places.get(id) ?? 0
  return builds.toSorted((a, b) => rank(a) - rank(b) || place(a) - place(b) || a.build.id - b.build.id)
}
