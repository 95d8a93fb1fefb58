import { z } from 'zod'
import type { Settings } from '../settings.ts'
import type { Json, JsonObject } from './document.ts'

/** Any value of JSON. */
export const json: z.ZodType<Json> = z.json()
const object: z.ZodType<JsonObject> = z.record(z.string(), json)

/** A tree as it is stored: with the values that it had when it was taken, so that the same tree always gives the same text. */
export const storedTree = z.strictObject({
  document: object,
  values: z.record(z.string(), z.string()),
  /** nginx did not take it when it started; it is kept, and served again by the next change of it that passes. */
  away: z.literal(true).exactOptional(),
})

export type StoredTree = z.infer<typeof storedTree>

/** The folder whose files are the values that a tree names. */
export function valuesDir({ stateDir, values }: Pick<Settings, 'stateDir' | 'values'>): string {
  return values ?? `${stateDir}/values`
}
