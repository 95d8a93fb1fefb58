import { resolve } from 'node:path'
import { maxSatisfying, validRange } from 'semver'
import { stringify } from 'smol-toml'
import * as z from 'zod'
import { UserError } from '#lib/errors.ts'
import { readIfThere, writeWhole } from '#lib/files.ts'
import { didYouMean } from '#lib/nearest.ts'
import { download } from './download.ts'
import { exclusively } from './exclusive.ts'
import { type Entry, type Listing, type Version, verifyListing } from './listing.ts'
import { checkPluginName, isPluginName } from './names.ts'
import type { Store } from './store.ts'
import { parseToml } from './toml.ts'

/** Bytes that an index may have. */
const largestIndex = 64 * 1024 ** 2

const indexSchema = z.object({ url: z.string(), key: z.string().regex(/^[A-Za-z0-9+/]{43}=$/, 'is no public key of an index') })
const configuredSchema = z.record(z.string().refine(isPluginName), indexSchema)

/** The indexes by their names, in the order in which they are asked: where each is, and the key that signs it. */
export type Configured = z.infer<typeof configuredSchema>

/** How indexes are asked. */
export interface Asking {
  /** Gets why an index is read from its offline copy, or what it says against a plugin. */
  readonly warn?: (text: string) => void
  readonly signal?: AbortSignal
}

/** UserError `bad-toml` or `bad-indexes`. */
export async function readIndexes(store: Store): Promise<Configured> {
  const path = fileOf(store)
  const parsed = configuredSchema.safeParse(parseToml((await readIfThere(path)) ?? '', path))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new UserError('bad-indexes', `${path}: ${issue?.path.join('.')}: ${issue?.message}`)
}

/** Adds an index by its URL or path, once it could be read and was signed with the key. */
export async function addIndex(store: Store, name: string, { url, key }: Configured[string], options: Asking & { cwd: string }) {
  checkPluginName(name)
  const index = { url: /^https?:\/\//.test(url) ? url : resolve(options.cwd, url), key }
  await readIndexes(store)
  await readListing(store, name, index, { ...options, offline: false })
  await exclusively(store.root, async () => writeWhole(fileOf(store), stringify({ ...(await readIndexes(store)), [name]: index }), 0o644))
}

/** False when there is none of that name. */
export async function removeIndex(store: Store, name: string): Promise<boolean> {
  return await exclusively(store.root, async () => {
    const { [name]: gone, ...others } = await readIndexes(store)
    if (gone !== undefined) await writeWhole(fileOf(store), stringify(others), 0o644)
    return gone !== undefined
  })
}

/** What all indexes list, in their order. An index that cannot be reached is read from its offline copy, with a warning. */
export async function readListings(store: Store, options: Asking): Promise<{ index: string; listing: Listing }[]> {
  const configured = Object.entries(await readIndexes(store))
  return await Promise.all(
    configured.map(async ([index, one]) => ({ index, listing: await readListing(store, index, one, { ...options, offline: true }) })),
  )
}

/** What an index says of one version of a plugin. */
export interface Listed {
  readonly index: string
  readonly plugin: string
  readonly version: string
  readonly source: string
  readonly commit: string | undefined
  readonly digest: string
}

/** `NAME` or `NAME@RANGE`, which no path and no URL looks like; undefined for all else. */
export function listedWords(words: string): { plugin: string; range: string | undefined } | undefined {
  const [, plugin = '', range] = /^([^@/:]+)(?:@([^/:]+))?$/.exec(words) ?? []
  return isPluginName(plugin) && !/\.(tar\.gz|tgz)$/.test(plugin) ? { plugin, range } : undefined
}

/** The newest listed version in the range, of the first index that has the plugin, or of the index `from`. UserError `not-listed`. */
export async function findListed(
  store: Store,
  { plugin, range, from }: { plugin: string; range: string | undefined; from?: string },
  options: Asking,
): Promise<Listed> {
  const listings = (await readListings(store, options)).filter(({ index }) => from === undefined || index === from)
  const entries = listings.flatMap(({ index, listing }) => listing.plugins.map((entry) => ({ index, entry })))
  const found = entries.find(({ entry }) => entry.name === plugin)
  if (found === undefined) throw notListed(plugin, listings.length, entries)
  const { index, entry } = found
  const version = chooseVersion(entry, range)
  if (version === undefined)
    throw new UserError('not-listed', `the index ${index} has no version ${range} of ${plugin}`, {
      hint: `it has ${entry.versions.map((one) => one.version).join(', ')}`,
    })
  if (entry.status !== 'active') options.warn?.(`the index ${index} calls ${plugin} ${entry.status}`)
  const { commit, digest, source = entry.source } = version
  return { index, plugin, version: version.version, source, commit, digest }
}

function chooseVersion({ versions }: Entry, range: string | undefined): Version | undefined {
  if (range === undefined) return versions[0]
  const exact = versions.find(({ version }) => version === range)
  if (exact !== undefined || validRange(range) === null) return exact
  const best = maxSatisfying(
    versions.map(({ version }) => version),
    range,
  )
  return versions.find(({ version }) => version === best)
}

function notListed(plugin: string, listings: number, entries: readonly { entry: Entry }[]): UserError {
  const hint =
    listings === 0
      ? 'no index is configured: plugn index add NAME URL KEY; a folder is written ./NAME'
      : didYouMean(
          plugin,
          entries.map(({ entry }) => entry.name),
        )
  return new UserError('not-listed', `no index lists a plugin ${plugin}`, hint === undefined ? {} : { hint })
}

async function readListing(
  store: Store,
  name: string,
  { url, key }: Configured[string],
  options: Asking & { offline: boolean },
): Promise<Listing> {
  const copy = `${store.root}/indexes/${name}.json`
  const before = await readIfThere(copy)
  const kept = before === undefined ? undefined : keptListing(before, key, copy)
  let text: string
  try {
    text = await readText(url, options.signal)
  } catch (error) {
    if (!options.offline || kept === undefined || !(error instanceof UserError)) throw error
    options.warn?.(`${error.message}; the copy of ${kept.made} is used`)
    return kept
  }
  const listing = verifyListing(text, key, url)
  // Whoever stands between could show an old index, with versions that were found to be bad.
  if (kept !== undefined && listing.made < kept.made)
    throw new UserError('bad-index', `the index ${url} is refused: it is of ${listing.made}, older than what was seen before`)
  if (text !== before) await writeWhole(copy, text, 0o644)
  return listing
}

/** A copy that the key does not fit is of an index that was here before under the same name. */
function keptListing(text: string, key: string, path: string): Listing | undefined {
  try {
    return verifyListing(text, key, path)
  } catch {
    return undefined
  }
}

async function readText(url: string, signal?: AbortSignal): Promise<string> {
  if (/^https?:\/\//.test(url)) return await new Response(await download(url, largestIndex, signal)).text()
  const text = await readIfThere(url)
  if (text === undefined) throw new UserError('fetch-failed', `${url} is not there`, { exitCode: 2 })
  return text
}

function fileOf({ root }: Store): string {
  return `${root}/indexes.toml`
}
