import type { Lab } from './lab.ts'

/** How good a figure must be. */
export interface Bar {
  readonly limit: number
  readonly better: 'lower' | 'higher'
  /** Of the limit and the figure: s, ms, MB; empty for a ratio or a count. */
  readonly unit: string
}

/** How a figure grows with the number of apps. */
export type Series = readonly { apps: number; value: number }[]

/** What was measured: the value that the bar judges, and what it was made of, for people; empty when there is no more to say. */
export interface Figure {
  readonly value: number
  readonly said: string
  readonly series?: Series
}

/** One figure of the project and how to get it. */
export interface Row {
  /** The word to ask for it by. */
  readonly name: string
  readonly what: string
  readonly bar: Bar
  /** Does it gate a release? */
  readonly gated: boolean
  readonly how: string
  measure(lab: Lab): Promise<Figure>
}

export const atMost = (limit: number, unit = ''): Bar => ({ limit, better: 'lower', unit })
export const atLeast = (limit: number, unit = ''): Bar => ({ limit, better: 'higher', unit })

/** Is the figure as good as it must be? */
export function holds({ limit, better }: Bar, value: number): boolean {
  return better === 'lower' ? value <= limit : value >= limit
}

export const inSeconds = (ms: number): string => (ms / 1000).toFixed(2)
