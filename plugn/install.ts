import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '#lib/errors.ts'
import { type GitVariables, originOf } from './clone.ts'
import { fits, type Host, insist, type Leniency, misfitsOf } from './compatibility.ts'
import { exclusively } from './exclusive.ts'
import { digestOf, fetchSource } from './fetch.ts'
import { findListed, type Listed, listedWords } from './indexes.ts'
import type { Manifest } from './manifest.ts'
import { checkPluginName } from './names.ts'
import { carryOver, filesOf, filesOfClone } from './own-files.ts'
import { type Pin, readPins, storePin } from './pins.ts'
import { bareManifest, readManifest } from './read-manifest.ts'
import { nameOf, parseSource, type Source, withoutCredentials } from './source.ts'
import { noSuchPlugin, type Store } from './store.ts'

export interface InstallOptions extends Leniency {
  /** Instead of the last part of the source. */
  readonly name?: string
  /** A branch, tag or commit. */
  readonly committish?: string
  /** What the plugin must be, as `digestOf` gives it; UserError `other-digest`. */
  readonly digest?: string
  /** Sees the plugin before it is put in its place; what it throws refuses it. */
  readonly accept?: (fetched: Fetched) => Promise<void>
  /** What an index says of it, where that was asked before. */
  readonly listed?: Listed
  readonly git?: GitVariables
  /** The version that plugins must fit to; without it, what they say of their host is not looked at. */
  readonly host?: Host
}

/** A plugin that was fetched and is in its place, or soon. */
export interface Fetched {
  readonly name: string
  readonly dir: string
  readonly manifest: Manifest
  readonly pin: Pin
}

/**
 * Fetches a plugin and puts it among the available ones in one step; whatever fails before leaves nothing. The same one
 * again is `already`; another one of that name is UserError `plugin-exists`.
 */
export async function installPlugin(store: Store, from: string, options: InstallOptions = {}): Promise<Fetched | 'already'> {
  await store.init()
  const listed = await listedIn(store, from, options)
  const source = await parseSource(listed?.source ?? from)
  const name = options.name === undefined ? (listed?.plugin ?? nameOf(source)) : checkPluginName(options.name)
  if (await isThere(store, name, source)) return 'already'
  return await within(store, async (dir) => {
    const fetched = await fetchInto(store, source, name, dir, { ...options, ...asListed(listed) })
    return await exclusively(store.root, async () => {
      // Another may have been quicker.
      if (await isThere(store, name, source)) return 'already'
      await checkFit(store, fetched, { ...options, warn: saidBefore })
      await rename(dir, join(store.available, name))
      await storePin(store, name, fetched.pin)
      return { ...fetched, dir: join(store.available, name) }
    })
  })
}

/** Is the plugin there, and from that source? UserError `plugin-exists` when it is from elsewhere. */
async function isThere(store: Store, name: string, { url }: Source): Promise<boolean> {
  if (!(await store.list()).some((one) => one.name === name)) return false
  const from = (await readPins(store))[name]?.source ?? (await originOf(join(store.available, name)))
  // A clone does not know with which password it was made.
  if (from === url || from === withoutCredentials(url)) return true
  throw new UserError('plugin-exists', `there is a plugin ${name} already, and not from ${withoutCredentials(url)}`, {
    hint: 'uninstall it first, or give this one another name',
  })
}

/**
 * Fetches a plugin again, or another committish of it; the one that is there stays until the new one is fit. What somebody
 * keeps in its folder besides goes along; UserError `plugin-changed` where the plugin's own files were changed by hand.
 */
export async function updatePlugin(store: Store, name: string, options: Omit<InstallOptions, 'name'> = {}): Promise<Fetched> {
  const place = await store.find(name)
  // A clone that another tool made says itself where it came from.
  const origin = await originOf(place)
  const cloned: Omit<Pin, 'digest' | 'installedAt'> | undefined = origin ? { kind: 'git', source: origin } : undefined
  const pin = (await readPins(store))[name] ?? cloned
  if (pin === undefined)
    throw new UserError('not-pinned', `nobody knows where ${name} came from`, { hint: 'uninstall it and install it again' })
  const again = pin.listed && { plugin: pin.listed.plugin, range: options.committish, from: pin.listed.index }
  const listed = again && (await findListed(store, again, options))
  const source = listed === undefined ? { kind: pin.kind, url: pin.source } : await parseSource(listed.source)
  const committish = options.committish ?? pin.committish
  return await within(store, async (dir) => {
    const fetched = await fetchInto(store, source, name, dir, {
      ...options,
      ...(committish === undefined ? {} : { committish }),
      ...asListed(listed),
    })
    return await exclusively(store.root, async () => {
      await store.find(name)
      await checkFit(store, fetched, { ...options, warn: saidBefore })
      const came = pin.files ?? (await (pin.kind === 'git' ? filesOfClone(place) : filesOf(place)))
      await carryOver(name, place, dir, came, options.force === true)
      const old = join(store.root, `.replaced-${name}`)
      await rename(place, old)
      await rename(dir, place)
      await storePin(store, name, fetched.pin)
      await rm(old, { recursive: true, force: true })
      return { ...fetched, dir: place }
    })
  })
}

/** Disables a plugin and removes it; UserError `no-such-plugin`. Its settings stay. */
export async function uninstallPlugin(store: Store, name: string): Promise<void> {
  await within(store, async (dir) =>
    exclusively(store.root, async () => {
      const found = (await store.list()).find((one) => one.name === name)
      if (found === undefined) throw noSuchPlugin(name)
      await rm(join(store.enabled, name), { force: true })
      // Out of its place in one step, whatever happens while it is removed.
      await rename(found.dir, dir)
      await storePin(store, name, undefined)
    }),
  )
}

/** What an index says of it, when the source is a name and not a URL or path. */
async function listedIn(store: Store, from: string, options: InstallOptions): Promise<Listed | undefined> {
  if (options.listed !== undefined) return options.listed
  const words = listedWords(from)
  return words && (await findListed(store, { ...words, range: words.range ?? options.committish }, options))
}

function asListed(listed: Listed | undefined) {
  if (listed === undefined) return {}
  const { commit, digest } = listed
  return { listed, digest, committish: commit }
}

interface FetchOptions extends Omit<InstallOptions, 'committish'> {
  readonly committish?: string | undefined
}

async function fetchInto(store: Store, source: Source, name: string, dir: string, options: FetchOptions): Promise<Fetched> {
  const { committish, digest: wanted, accept, listed } = options
  const { commit } = await fetchSource(source, dir, { committish, variables: options.git })
  const manifest = (await readManifest(dir)) ?? bareManifest
  const called = listed?.plugin ?? (source.kind === 'folder' ? manifest.name : name)
  if (manifest.name !== undefined && manifest.name !== called)
    throw new UserError('other-name', `the plugin calls itself ${manifest.name}, not ${called}`, {
      hint: listed === undefined ? `install it with the name ${manifest.name}` : `tell whoever keeps the index ${listed.index}`,
    })
  const digest = await digestOf(dir)
  if (wanted !== undefined && wanted !== digest)
    throw new UserError('other-digest', `${withoutCredentials(source.url)} is ${digest}, and not ${wanted}`)
  const pin: Pin = {
    source: source.url,
    kind: source.kind,
    ...(committish === undefined ? {} : { committish }),
    ...(commit === undefined ? {} : { commit }),
    ...(listed === undefined ? {} : { listed: { index: listed.index, plugin: listed.plugin, version: listed.version } }),
    digest,
    files: await filesOf(dir),
    installedAt: new Date().toISOString(),
  }
  const fetched = { name, dir, manifest, pin }
  await checkFit(store, fetched, options)
  await accept?.(fetched)
  return fetched
}

const saidBefore = () => undefined

/** UserError `incompatible` when it does not fit to the host, or to what is there. */
async function checkFit(store: Store, { name, manifest }: Fetched, options: FetchOptions): Promise<void> {
  insist(misfitsOf({ name, manifest }, await fits(await store.list()), options.host), options, 'allowed')
}

/**
 * Works in an empty folder of the store's, on the same file system as the plugins. A lock beside it says that
 * somebody is at work there: of process ids another container would know nothing.
 */
async function within<T>(store: Store, work: (dir: string) => Promise<T>): Promise<T> {
  const { lock } = await import('#lib/lock.ts')
  const folder = join(store.root, `.fetched-${randomBytes(6).toString('hex')}`)
  const dir = join(folder, 'plugin')
  const held = await exclusively(store.root, async () => {
    await sweep(store)
    await mkdir(dir, { recursive: true })
    return lock(join(folder, 'lock'), 0)
  })
  try {
    return await work(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
    held?.release()
    await exclusively(store.root, async () => rm(folder, { recursive: true, force: true }))
  }
}

/** Of those before us that were killed: what they fetched goes, and what they were about to replace is back in its place. */
async function sweep(store: Store): Promise<void> {
  const { lock } = await import('#lib/lock.ts')
  for (const name of await readdir(store.root)) {
    const left = join(store.root, name)
    const [, replaced] = /^\.replaced-(.+)$/.exec(name) ?? []
    // While we have the store, nobody is replacing anything.
    if (replaced !== undefined && !(await moved(left, join(store.available, replaced)))) await rm(left, { recursive: true, force: true })
    if (!name.startsWith('.fetched-')) continue
    const abandoned = lock(join(left, 'lock'), 0)
    if (abandoned !== undefined) await rm(left, { recursive: true, force: true })
    abandoned?.release()
  }
}

/** False where something is in the way. */
async function moved(from: string, to: string): Promise<boolean> {
  return await rename(from, to).then(
    () => true,
    () => false,
  )
}
