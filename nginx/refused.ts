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

/** Sites without the texts beside them that serve a host of another site: those hosts are the other's, whoever comes last. */
export function givingWay(sites: readonly Site[]): { sites: Site[]; refused: Refused[] } {
  const owners = new Map(sites.flatMap(({ name, hosts }) => hosts.map((host) => [host, name])))
  const refused: Refused[] = []
  const given = sites.map((site) => {
    if (site.additions === undefined) return site
    const beside = site.additions.beside.filter(({ path, hosts }) => {
      const taken = hosts.find((host) => (owners.get(host) ?? site.name) !== site.name)
      if (taken !== undefined) refused.push({ name: site.name, reason: `${path}: ${taken} belongs to ${owners.get(taken)}` })
      return taken === undefined
    })
    return { ...site, additions: { ...site.additions, beside } }
  })
  return { sites: given, refused }
}

function nameOf(value: unknown): string | undefined {
  const parsed = z.object({ name: z.string() }).safeParse(value)
  return parsed.success ? parsed.data.name : undefined
}
