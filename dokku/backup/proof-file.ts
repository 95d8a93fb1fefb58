import * as z from 'zod'

/** On the volume of an instance that is made to prove a backup: what was in it. */
export const proofFile = 'proof.json'

/** What a backup says that an instance of it has to be. */
export const expectation = z.object({
  rows: z.record(z.string(), z.number()).optional(),
  /** Digests of trees, by the names of volumes. */
  volumes: z.record(z.string(), z.string()),
})

export type Expectation = z.infer<typeof expectation>
