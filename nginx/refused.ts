import { z } from 'zod'
import { UserError } from '#lib/errors.ts'
import { problem, type Site } from './site.ts'

/** Stored or wanted sites, or what was added to them, that nginx or its grammar does not take. */
export const refusedSites = z.array(z.strictObject({ name: z.string(), reason: z.string() }))

export type Refused = z.infer<typeof refusedSites>[number]

/** The error for sites that nginx or its grammar does not take. */
export function refusal(sites: readonly Refused[], cause?: unknown): UserError {
  return new UserError('site-refused', sites.map(({ name, reason }) => `nginx refused ${name}: ${reason}`).join('\n'), {
    hint: 'everything else is as it was',
    ...(cause === undefined ? {} : { cause }),
  })
}

/** Sites one by one: what does not parse is refused, not in the way of the others. */
export function parseSites<T>(schema: z.ZodType<T>, values: readonly unknown[]): { sites: T[]; refused: Refused[] } {
  const sites: T[] = []
  const refused: Refused[] = []
  for (const [index, value] of values.entries()) {
    const parsed = schema.safeParse(value)
    if (parsed.success) sites.push(parsed.data)
    else refused.push({ name: nameOf(value) ?? `site ${index + 1}`, reason: problem(parsed.error) })
  }
  return { sites, refused }
}

/** Two sites with one host: nginx only warns and serves the first, so we say it. */
export function sharedHost(sites: readonly Site[]): string | undefined {
  const owners = new Map<string, string>()
  for (const { name, hosts } of sites) {
    for (const host of hosts) {
      const owner = owners.get(host)
      if (owner !== undefined) return owner === name ? `there are two sites called ${name}` : `${host} belongs to ${owner}`
      owners.set(host, name)
    }
  }
  return undefined
}

function nameOf(value: unknown): string | undefined {
  const parsed = z.object({ name: z.string() }).safeParse(value)
  return parsed.success ? parsed.data.name : undefined
}
