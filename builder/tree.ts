/** How much a tree that comes as an archive may hold: what a push may. */
export const treeLimits = { bytes: 4 * 1024 ** 3, entries: 200_000 }
