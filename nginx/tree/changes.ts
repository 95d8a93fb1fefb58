import { z } from 'zod'
import type { Change } from '../pipeline.ts'
import type { Settings } from '../settings.ts'
import { type Json, type JsonObject, parsePath, post, put, remove, treeRefused } from './document.ts'
import { readValues } from './macros.ts'
import { placed } from './placed.ts'
import { json, type StoredTree, valuesDir } from './stored.ts'

/** A change of the tree as it is asked for: the methods of `/v1/config/PATH`. */
export const treeChange = z.discriminatedUnion('method', [
  z.strictObject({ method: z.enum(['POST', 'PUT']), path: z.string(), value: json }),
  z.strictObject({ method: z.literal('DELETE'), path: z.string() }),
])

export type TreeChange = z.infer<typeof treeChange>

/** Changes of the tree, applied as one: all of them, or none. Without any, values are read again. */
export function changeTree(changes: readonly TreeChange[], settings: Settings): Change<void> {
  return async (state, check) => {
    const tree = await treeOf(changes.reduce(changed, state.tree?.document ?? {}), settings)
    const after = { ...state, tree }
    const reason = await check(after)
    if (reason !== undefined) throw treeRefused(`nginx refused it: ${reason}`, 'everything is as it was')
    return { state: after, answer: undefined }
  }
}

/** A document with its values, if nginx could have it. */
export async function treeOf(document: JsonObject, settings: Settings): Promise<StoredTree> {
  const tree = { document, values: await readValues(document, valuesDir(settings)) }
  placed(tree, settings)
  return tree
}

function changed(document: JsonObject, change: TreeChange): JsonObject {
  const path = parsePath(change.path)
  if (change.method === 'DELETE') return remove(document, path)
  const value: Json = change.value
  return change.method === 'PUT' ? put(document, path, value) : post(document, path, value)
}
