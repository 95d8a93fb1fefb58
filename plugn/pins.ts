import { join } from 'node:path'
import * as z from 'zod'
import { UserError } from '#lib/errors.ts'
import { readIfThere, writeWhole } from '#lib/files.ts'
import { withoutCredentials } from './source.ts'
import type { Store } from './store.ts'

const pin = z.object({
  source: z.string(),
  kind: z.enum(['git', 'archive', 'folder']),
  /** The branch, tag or commit that was asked for. */
  committish: z.string().optional(),
  commit: z.string().optional(),
  /** The index that listed it, and under which name and version. */
  listed: z.object({ index: z.string(), plugin: z.string(), version: z.string() }).optional(),
  digest: z.string(),
  /** What each of its files was. */
  files: z.record(z.string(), z.string()).optional(),
  installedAt: z.string(),
})

/** What was installed from where. */
export type Pin = z.infer<typeof pin>

const pins = z.record(z.string(), pin)

/** The pins of a store, by plugin. */
export async function readPins(store: Store): Promise<Record<string, Pin>> {
  const path = pathOf(store)
  const text = await readIfThere(path)
  if (text === undefined) return {}
  try {
    return pins.parse(JSON.parse(text))
  } catch (cause) {
    throw new UserError('bad-pins', `${path} cannot be read: it says what was installed from where`, { cause })
  }
}

/** Stores or, without a pin, forgets what a plugin was installed from. */
export async function storePin(store: Store, name: string, one: Pin | undefined): Promise<void> {
  const { [name]: _, ...others } = await readPins(store)
  await writeWhole(pathOf(store), `${JSON.stringify(one === undefined ? others : { ...others, [name]: one }, undefined, 2)}\n`)
}

/** A pin as people may see it: without what lets plugn in at its source. */
export function shownPin({ files: _, source, ...rest }: Pin): Omit<Pin, 'files'> {
  return { source: withoutCredentials(source), ...rest }
}

function pathOf({ root }: Store): string {
  return join(root, 'pins.json')
}
