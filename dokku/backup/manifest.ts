import * as z from 'zod'
import { UserError } from '#lib/errors.ts'
import { checkAppName } from '../names.ts'
import { checkVolumeName } from '../storage/mounts.ts'

/** The first part of every backup: what is in it, and what is not. */
export const manifestPart = 'backup'

/** Raised with a change that older programs would misread. */
const newestFormat = 1

/** `wrapped`: whoever opens its lock gets the key of the secrets; `plain`: everybody does; `none`: it is not in it. */
const keyKinds = ['wrapped', 'plain', 'none'] as const
export type KeyKind = (typeof keyKinds)[number]

/** How containers are kept from writing to a volume while it is read: paused, not at all; or it is left out. */
export const volumeWays = ['pause', 'live', 'skip'] as const
export type VolumeWay = (typeof volumeWays)[number]

/** A name as a command would take it. */
const named = (check: (name: string) => unknown) =>
  z.string().refine((name) => {
    try {
      check(name)
      return true
    } catch {
      return false
    }
  })

const manifestSchema = z.strictObject({
  format: z.literal(newestFormat),
  /** Of dokku. */
  version: z.string(),
  instance: z.string(),
  /** The one app that it is of; null is all of them. */
  app: z.string().nullable(),
  createdAt: z.iso.datetime(),
  key: z.enum(keyKinds),
  apps: z.array(z.strictObject({ id: z.int().min(1), name: named(checkAppName), objects: z.enum(['sha1', 'sha256']) })),
  volumes: z.array(z.strictObject({ name: named(checkVolumeName), apps: z.array(z.string()) })),
  networks: z.array(z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/)),
  /** How many there are of what makes it up, by table. */
  rows: z.record(z.string(), z.int()),
  /** What somebody may miss in it, and why it is not there. */
  missing: z.array(z.string()),
})

export type Manifest = z.infer<typeof manifestSchema>

/** UserError `newer-archive` for one of a later format, `broken-archive` for what is none. */
export function parseManifest(text: string): Manifest {
  try {
    const value: unknown = JSON.parse(text)
    const { format } = z.looseObject({ format: z.int() }).parse(value)
    if (format > newestFormat)
      throw new UserError(
        'newer-archive',
        `the backup is of a newer version: its format is ${format}, and ${newestFormat} is the newest known here`,
        {
          hint: 'upgrade dokku first',
        },
      )
    return manifestSchema.parse(value)
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    throw new UserError('broken-archive', 'the backup cannot be used: it does not say what is in it', { cause })
  }
}
