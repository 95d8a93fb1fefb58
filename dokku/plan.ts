import type { AppContainer, Wanted } from './container.ts'

/** What is to be done to the containers of one app. */
export interface Plan {
  /** As wanted, and they serve. */
  keep: AppContainer[]
  /** As wanted, but not known to be ready: ended, paused, or of a start that nobody saw to its end. */
  prove: AppContainer[]
  /** Missing. */
  create: Wanted[]
  /** Everything else. */
  retire: AppContainer[]
}

/**
 * The way from what an app has to what it should have. Only what is kept, or was proved or created and is ready, may be
 * routed to. With `leaveEnded`, what served and ended or is gone stays so, and only what was begun is finished.
 */
export function planApp(wanted: readonly Wanted[], existing: readonly AppContainer[], { leaveEnded = false } = {}): Plan {
  const chosen = wanted.map((want) => existing.filter((one) => isFor(one, want) && usable(one)).sort(byReadiness)[0])
  const found = chosen.filter((one) => one !== undefined)
  return {
    keep: found.filter(serves),
    prove: found.filter((one) => !serves(one) && !(leaveEnded && one.stage === 'serving')),
    create: leaveEnded ? [] : wanted.filter((_, at) => chosen[at] === undefined),
    retire: existing.filter((one) => !found.includes(one)),
  }
}

/** Is there nothing left to do? */
export function isSettled({ prove, create, retire }: Plan): boolean {
  return prove.length + create.length + retire.length === 0
}

export function isFor(one: AppContainer, want: Wanted): boolean {
  return one.process === want.process && one.index === want.index && one.spec === want.spec
}

/** A crashed container that the engine is starting again counts: nginx passes over it until it listens. */
export function serves(one: AppContainer): boolean {
  return one.stage === 'serving' && (one.state === 'running' || one.state === 'restarting')
}

function usable(one: AppContainer): boolean {
  // What is made and not started may lack links, and what plugins attach.
  const unfinished = one.stage === 'upcoming' && one.state === 'created'
  return one.stage !== 'retiring' && one.state !== 'removing' && one.state !== 'dead' && !unfinished
}

function byReadiness(a: AppContainer, b: AppContainer): number {
  const rank = (one: AppContainer) => (serves(one) ? 0 : one.state === 'running' ? 1 : 2)
  return rank(a) - rank(b)
}
