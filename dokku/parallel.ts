import { availableParallelism } from 'node:os'
import { UserError } from '#lib/errors.ts'

/** How many at once, as `--parallel` takes it; -1 is one for each processor. */
export function parseParallel(text: string): number {
  if (text === '-1') return availableParallelism()
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text)
  throw new UserError('bad-parallel', `${JSON.stringify(text.slice(0, 20))} is not how many at once`, { hint: '--parallel 4, or -1' })
}
