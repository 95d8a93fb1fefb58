import * as z from 'zod'

/** The statuses of a build that has not ended. */
export const underWay = ['queued', 'building', 'deploying'] as const

/** A row of the table `builds`. */
export const buildRow = z
  .object({
    id: z.number(),
    number: z.number(),
    status: z.enum([...underWay, 'succeeded', 'failed', 'cancelled', 'interrupted']),
    source: z.string(),
    version: z.number().nullable(),
    error: z.string().nullable(),
    created_by: z.string(),
    created_at: z.string(),
    started_at: z.string().nullable(),
    finished_at: z.string().nullable(),
  })
  .transform(({ created_by, created_at, started_at, finished_at, ...rest }) => ({
    ...rest,
    createdBy: created_by,
    createdAt: created_at,
    startedAt: started_at,
    finishedAt: finished_at,
  }))

/** An attempt to make a release from source or an image. */
export type Build = z.infer<typeof buildRow>

/** Is it still under way, or was it when control ended? */
export function isOpen({ status }: Pick<Build, 'status'>): boolean {
  return underWay.some((one) => one === status)
}
