import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { compare, valid } from 'semver'
import { UserError } from '#lib/errors.ts'
import { git } from '#lib/git.ts'
import { fetchSubmodules } from './clone.ts'
import { digestOf } from './fetch.ts'
import type { Entry, Listing, Version } from './listing.ts'
import type { Manifest } from './manifest.ts'
import { byBytes, checkPluginName } from './names.ts'
import { bareManifest, readManifest } from './read-manifest.ts'
import { withoutCredentials } from './source.ts'

/**
 * An index of plugins, from clones of their repositories. Their versions are the tags that are versions, such as v1.2.0; of
 * one without such tags, what is checked out now. Where a clone came from is where the index sends people.
 */
export async function buildListing(dirs: readonly string[], made = new Date()): Promise<Listing> {
  const entries: Entry[] = []
  for (const dir of dirs) entries.push(await entryOf(resolve(dir)))
  const plugins = entries.sort((a, b) => byBytes(a.name, b.name))
  const twice = plugins.find(({ name }, at) => plugins[at - 1]?.name === name)
  if (twice !== undefined) throw new UserError('listed-twice', `two of the folders hold a plugin ${twice.name}`)
  return { format: 1, made: made.toISOString(), plugins }
}

async function entryOf(dir: string): Promise<Entry> {
  const copy = await mkdtemp(join(tmpdir(), 'plugn-index-'))
  try {
    // A clone has what everybody gets, whatever else lies in the folder.
    await git(['clone', '--quiet', '--', dir, copy])
    const tags = (await git(['-C', copy, 'tag', '--list'])).stdout.split('\n').filter((tag) => valid(tag) !== null)
    const newest = tags.sort((a, b) => compare(b, a))
    const states: State[] = []
    for (const ref of newest.length === 0 ? ['HEAD'] : newest) states.push(await stateOf(copy, ref, dir))
    const { manifest, hooks } = states[0] ?? (await stateOf(copy, 'HEAD', dir))
    return {
      name: checkPluginName(manifest.name ?? basename(dir).replace(/\..*$/, '')),
      description: manifest.description,
      author: [manifest.maintainer_name, manifest.maintainer_email && `<${manifest.maintainer_email}>`].filter(Boolean).join(' '),
      source: await originOf(dir),
      status: 'active',
      hooks,
      versions: states.map(({ version }) => version),
    }
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

interface State {
  readonly manifest: Manifest
  readonly hooks: string[]
  readonly version: Version
}

async function stateOf(copy: string, ref: string, dir: string): Promise<State> {
  await git(['-C', copy, 'checkout', '--quiet', '--detach', ref, '--'])
  await fetchSubmodules(copy, dir)
  const manifest = (await readManifest(copy)) ?? bareManifest
  const commit = (await git(['-C', copy, 'rev-parse', 'HEAD'])).stdout.trim()
  const version = ref === 'HEAD' ? manifest.version : (valid(ref) ?? ref)
  if (version === '') throw new UserError('bad-plugin', `${copy}: a plugin without tags and without a version cannot be listed`)
  return {
    manifest,
    hooks: await hooksOf(copy, manifest),
    version: { version, commit, digest: await digestOf(copy), compatibility: manifest.compatibility },
  }
}

/** The programs at the top of a plugin, and what its processes handle. */
async function hooksOf(dir: string, { daemon, external }: Manifest): Promise<string[]> {
  const names = (await readdir(dir)).filter((name) => !name.includes('.') && name !== 'commands')
  const programs = await Promise.all(
    names.map(async (name) => {
      const found = await stat(join(dir, name)).catch(() => undefined)
      return found?.isFile() && found.mode & 0o100 ? [name] : []
    }),
  )
  return [...new Set([...programs.flat(), ...(daemon?.hooks ?? []), ...(external?.hooks ?? [])])].sort(byBytes)
}

async function originOf(dir: string): Promise<string> {
  const { stdout } = await git(['-C', dir, 'config', '--get', 'remote.origin.url'], { allow: [1] })
  return withoutCredentials(stdout.trim()) || dir
}
