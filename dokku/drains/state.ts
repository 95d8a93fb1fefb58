/** What a drain does just now; what was counted since it was stored. */
export interface DrainState {
  buffered: number
  /** Why the last lines could not be sent; undefined once they could. */
  error: string | undefined
  delivered: number
  dropped: number
}

/** What sends the lines of apps where their drains say. */
export interface Draining {
  /** Looks again which drains there are. */
  poke(): Promise<void>
  /** Resolves once all lines of a container that has ended were taken, or it takes too long. */
  heard(container: string): Promise<void>
  state(drain: { id: number }): DrainState | undefined
  close(): Promise<void>
}
