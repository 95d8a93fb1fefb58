import type { z } from 'zod'
import { UserError } from '#lib/errors.ts'
import { keep, textsOf } from './addition-files.ts'
import type { StoredAdditions } from './additions.ts'
import { keepCertificate } from './certificate.ts'
import { keepFiles } from './front-files.ts'
import type { Change, Check } from './pipeline.ts'
import { givingWay, type Refused, refusal } from './refused.ts'
import { defined, served } from './server.ts'
import type { Settings } from './settings.ts'
import type { Site, wantedSite } from './site.ts'
import type { State } from './state.ts'

/** A site whose additions nobody has looked at. */
export type Wanted = z.infer<typeof wantedSite>

/** Sites that pass together, and what does not. */
interface Passing {
  sites: Site[]
  refused: Refused[]
}

/**
 * Adds or replaces one site; answers what of it was refused without keeping the rest away. What was added to a site is in nobody's
 * way: when nginx refuses it, the site has what it had last, or only what passes.
 */
export function putSite(wanted: Wanted, settings: Settings): Change<Refused[]> {
  return async (state, check) => {
    const { name } = wanted
    const last = named(state.sites, name)
    const kept = await keepParts(wanted, last, settings)
    const given = givingWay([...without(state.sites, name), kept.found])
    const refused = [...kept.refused, ...given.refused.filter((one) => one.name === name)]
    const reason = await check({ ...state, sites: given.sites })
    if (reason === undefined) return { state: { ...state, sites: given.sites }, answer: refused }
    const others = without(given.sites, name)
    const less = await withLess(named(given.sites, name) ?? kept.found, others, { last, state, check })
    if (less === undefined) throw refusal([{ name, reason }])
    return { state: { ...state, sites: [...others, less] }, answer: [...refused, { name, reason }] }
  }
}

/** Removes one site; one that is not there is no error. */
export function removeSite(name: string): Change<void> {
  return async (state, check) => {
    const sites = without(state.sites, name)
    const reason = sites.length < state.sites.length ? await check({ ...state, sites }) : undefined
    if (reason !== undefined) throw refusal([{ name, reason }])
    return { state: { ...state, sites }, answer: undefined }
  }
}

/** Replaces all sites; those that are refused keep their last good version, if any, and are answered. */
export function replaceSites(wanted: readonly Wanted[], homes: readonly string[], settings: Settings): Change<Refused[]> {
  return async (state, check) => {
    const kept: { found: Site; refused: Refused[] }[] = []
    for (const one of wanted) kept.push(await keepParts(one, named(state.sites, one.name), settings, 'forgiving'))
    const base = { ...state, homes }
    const { sites, refused } = await passing(
      kept.map(({ found }) => found),
      { last: state.sites, state: base, check },
    )
    return { state: { ...base, sites }, answer: [...kept.flatMap((one) => one.refused), ...refused] }
  }
}

/** What of a stored state passes. */
export async function passingState(state: State, check: Check): Promise<{ state: State; refused: Refused[] }> {
  const { tree, ...others } = state
  const away =
    tree === undefined
      ? undefined
      : await refusedTree({ ...others, sites: [], tree: { document: tree.document, values: tree.values } }, check)
  const base =
    tree === undefined
      ? state
      : { ...state, tree: { document: tree.document, values: tree.values, ...(away === undefined ? {} : { away: true as const }) } }
  const { sites, refused } = await passing(state.sites, { last: [], state: base, check })
  return { state: { ...base, sites }, refused: away === undefined ? refused : [{ name: 'the tree', reason: away }, ...refused] }
}

async function refusedTree(state: State, check: Check): Promise<string | undefined> {
  try {
    return await check(state)
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}

/** A site as nginx reads it, with each text that was added to it; empty when there is no such site. */
export async function configurationOf(name: string, { sites }: State, settings: Settings): Promise<string> {
  const found = named(sites, name)
  if (found === undefined) return ''
  const texts = found.additions === undefined ? [] : await textsOf(found.additions, settings)
  const around = Object.values(defined(found, settings)).join('\n')
  return around + served(found, settings) + texts.map(({ path, text }) => `\n# ${path}\n${text}`).join('')
}

function named(sites: readonly Site[], name: string): Site | undefined {
  return sites.find((known) => known.name === name)
}

function without(sites: readonly Site[], name: string): Site[] {
  return sites.filter((known) => known.name !== name)
}

/** A site with its parts on the disk. Additions that cannot be are those of last; so is, where it is to be forgiving, a certificate. */
async function keepParts(
  { additions, tls, ...plain }: Wanted,
  last: Site | undefined,
  settings: Settings,
  manner: 'strict' | 'forgiving' = 'strict',
): Promise<{ found: Site; refused: Refused[] }> {
  const refused: Refused[] = []
  const instead = <T>(error: unknown, before: T): T => {
    if (!(error instanceof UserError)) throw error
    refused.push({ name: plain.name, reason: error.message })
    return before
  }
  await keepFiles(plain, settings)
  const certificate =
    tls === undefined
      ? undefined
      : await keepCertificate(tls, settings).catch((error: unknown) => {
          if (manner === 'strict') throw error
          return instead(error, last?.tls)
        })
  const added =
    additions === undefined || additions === 'kept'
      ? additions && last?.additions
      : await keep(additions, settings).catch((error: unknown) => instead(error, last?.additions))
  return {
    found: { ...plain, ...(certificate === undefined ? {} : { tls: certificate }), ...(added === undefined ? {} : { additions: added }) },
    refused,
  }
}

interface Around {
  state: State
  check: Check
}

/** A site with what was added to it last, or with those of its texts that pass; undefined when it does not pass without any. */
async function withLess(
  found: Site,
  others: readonly Site[],
  { last, state, check }: Around & { last: Site | undefined },
): Promise<Site | undefined> {
  const { additions, ...plain } = found
  const passes = async (one: Site) => (await check({ ...state, sites: [...others, one] })) === undefined
  if (additions === undefined || !(await passes(plain))) return undefined
  const before = last?.additions
  if (before !== undefined && (await passes({ ...plain, additions: before }))) return { ...plain, additions: before }
  let good: StoredAdditions = { ...additions, inside: [], beside: [] }
  const tries = [
    ...additions.inside.map((path) => () => ({ ...good, inside: [...good.inside, path] })),
    ...additions.beside.map((one) => () => ({ ...good, beside: [...good.beside, one] })),
  ]
  for (const more of tries) if (await passes({ ...plain, additions: more() })) good = more()
  return { ...plain, additions: good }
}

/** The wanted sites that pass together; halves that fail are halved again, so one bad site of 1,000 costs about 20 checks. */
async function passing(wanted: readonly Site[], { last, state, check }: Around & { last: readonly Site[] }): Promise<Passing> {
  const { sites: given, refused } = givingWay(wanted)
  const reasonFor = (sites: readonly Site[]) => check({ ...state, sites })
  const add = async (good: Site[], more: readonly Site[]): Promise<Site[]> => {
    if (more.length === 0) return good
    const reason = await reasonFor([...good, ...more])
    if (reason === undefined) return [...good, ...more]
    const [only] = more
    if (more.length > 1 || only === undefined) {
      const half = Math.ceil(more.length / 2)
      return add(await add(good, more.slice(0, half)), more.slice(half))
    }
    refused.push({ name: only.name, reason })
    const before = named(last, only.name)
    const less = await withLess(only, good, { last: before, state, check })
    if (less !== undefined) return [...good, less]
    return before !== undefined && (await reasonFor([...good, before])) === undefined ? [...good, before] : good
  }
  return { sites: await add([], given), refused }
}
