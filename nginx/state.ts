import { z } from 'zod'
import { messageOf } from '#lib/errors.ts'
import { readIfThere } from '#lib/files.ts'
import { hostName } from './host-name.ts'
import { parseSites, type Refused } from './refused.ts'
import type { Settings } from './settings.ts'
import { type Site, site } from './site.ts'
import { type StoredTree, storedTree } from './tree/stored.ts'

/** All that is stored besides routes. */
export interface State {
  readonly sites: readonly Site[]
  /** Hosts at and below these that are no site's get a page that says so; other unknown hosts get no answer. */
  readonly homes?: readonly string[]
  /** The configuration that others wrote as a tree. */
  readonly tree?: StoredTree
}

const file = z.strictObject({ sites: z.array(z.unknown()), homes: z.array(hostName).exactOptional(), tree: z.unknown().exactOptional() })

/** Where the state is stored. */
export function stateFile({ stateDir }: Pick<Settings, 'stateDir'>): string {
  return `${stateDir}/state.json`
}

/** The stored state, and what of it cannot be read. One that was damaged loses its sites, not the start; control sends them again. */
export async function readState(place: Pick<Settings, 'stateDir'>): Promise<{ state: State; refused: Refused[] }> {
  try {
    const { sites, tree, ...rest } = file.parse(JSON.parse((await readIfThere(stateFile(place))) ?? (await olderState(place))))
    const parsed = parseSites(site, sites)
    const stored = tree === undefined ? undefined : storedTree.safeParse(tree)
    if (stored?.success === false) parsed.refused.push({ name: 'the tree', reason: stored.error.message })
    const found = stored?.data === undefined ? {} : { tree: stored.data }
    return { state: { ...rest, ...found, sites: parsed.sites }, refused: parsed.refused }
  } catch (error) {
    return { state: { sites: [] }, refused: [{ name: 'state.json', reason: messageOf(error) }] }
  }
}

/** The state as text, with the sites in the order of their names. */
export function stateText({ sites, ...rest }: State): string {
  return `${JSON.stringify({ ...rest, sites: sorted(sites) }, undefined, 1)}\n`
}

/** Sites in the order of their names. */
export function sorted(sites: readonly Site[]): Site[] {
  return [...sites].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Up to version 0.1.0 only sites were stored. */
async function olderState({ stateDir }: Pick<Settings, 'stateDir'>): Promise<string> {
  return `{"sites":${(await readIfThere(`${stateDir}/sites.json`)) ?? '[]'}}`
}
