import type { Readable, Transform } from 'node:stream'

/** What comes out of a transform; an error of either side is one of it, and whoever leaves off ends both. */
export function chained(from: Readable, through: Transform): Readable {
  from.on('error', (error) => through.destroy(error))
  through.once('close', () => from.destroy())
  return from.pipe(through)
}
