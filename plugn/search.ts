import { plain } from '#lib/output.ts'
import { type Asking, readListings } from './indexes.ts'
import type { Store } from './store.ts'

/** A plugin that an index lists. */
export interface Match {
  readonly name: string
  readonly index: string
  /** The newest. */
  readonly version: string
  /** One line. */
  readonly description: string
  readonly author: string
  readonly status: string
  readonly installed: boolean
}

/** The plugins of all indexes in whose name or description every word stands; without words, all. */
export async function search(store: Store, words: readonly string[], asking: Asking = {}): Promise<Match[]> {
  const installed = new Set((await store.list()).map(({ name }) => name))
  const wanted = words.map((word) => word.toLowerCase())
  return (await readListings(store, asking)).flatMap(({ index, listing }) =>
    listing.plugins
      .filter(({ name, description }) => wanted.every((word) => `${name} ${description}`.toLowerCase().includes(word)))
      .map(({ name, description, author, status, versions: [newest] }) => ({
        name,
        index,
        version: plain(newest?.version ?? ''),
        description: plain(description).replaceAll('\n', ' '),
        author,
        status,
        installed: installed.has(name),
      })),
  )
}
