import { complete } from '#lib/complete.ts'
import type { Context } from './context.ts'
import { groups } from './groups.ts'

/** What could come next on a command line of this instance. */
export async function suggest(words: readonly string[], context: Context): Promise<readonly string[]> {
  return await complete(await groups(), words, context)
}
