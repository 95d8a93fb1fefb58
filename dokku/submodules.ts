import { mkdir } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { checkout } from '#gitreceive'
import { UserError } from '#lib/errors.ts'
import { git } from '#lib/git.ts'
import type { App } from './app.ts'
import type { By } from './by.ts'
import { computedProperty } from './computed-property.ts'
import { parseRemote, type Remote } from './fetch-guard.ts'
import { withCommit } from './git-fetch.ts'
import { show } from './names.ts'
import type { Commit } from './source-kinds.ts'

export const submoduleChoices = ['leave', 'fetch', 'refuse'] as const

/** How deep one may be in another, and what all of them together may hold: as much as a push. */
const deepest = 5
const most = { submodules: 100, bytes: 4 * 1024 ** 3, entries: 200_000 }

/** A tree that submodules belong into, and what their URLs may be relative to. */
interface Tree extends Commit {
  readonly dir: string
  readonly paths: readonly string[]
}

/**
 * Does with a tree's submodules what the app's setting says: leaves their folders empty, with a warning; fetches each at its
 * commit; or declines. UserErrors `submodule-refused`, `bad-submodule`, and those of fetching.
 */
export async function fillSubmodules(app: App, tree: Tree, by: By): Promise<void> {
  if (tree.paths.length === 0) return
  const choice = computedProperty(app, 'git submodules') ?? 'leave'
  const named = some(tree.paths)
  if (choice === 'refuse')
    throw new UserError('submodule-refused', `${app.name} takes no submodules: ${named}`, { hint: `git:set ${app.name} submodules fetch` })
  if (choice === 'leave')
    return by.output.warn(`Submodules are not part of a push and stay empty: ${named}\ngit:set ${app.name} submodules fetch brings them`)
  const origin = tree.origin ?? lastOrigin(app)
  await fetchInto(app, { ...tree, ...(origin && { origin }) }, by, { ...most }, 1)
}

interface Left {
  submodules: number
  bytes: number
  entries: number
}

async function fetchInto(app: App, tree: Tree, by: By, left: Left, depth: number): Promise<void> {
  if (depth > deepest) throw bad(`they are nested more than ${deepest} deep`)
  const urls = await urlsOf(tree)
  for (const path of tree.paths) {
    if (left.submodules-- <= 0) throw bad(`there are more than ${most.submodules}`)
    const url = urls.get(path)
    if (url === undefined) throw bad(`.gitmodules has no URL for ${show(path)}`)
    const remote = resolve(url, tree.origin, path)
    const commit = await commitOf(tree, path)
    await withCommit(app, { remote, commit }, by, async (repository) => {
      const dir = join(tree.dir, path)
      await mkdir(dir, { recursive: true })
      const found = await checkout(repository, commit, dir, {}, { maxBytes: left.bytes, maxEntries: left.entries })
      left.bytes -= found.bytes
      left.entries -= found.entries
      const inner: Tree = { kind: 'commit', repository, commit, env: {}, dir, paths: found.submodules, origin: remote }
      if (inner.paths.length > 0) await fetchInto(app, inner, by, left, depth + 1)
    })
  }
}

/** What .gitmodules of a commit says, by the paths of submodules. */
async function urlsOf({ repository, commit, env }: Tree): Promise<Map<string, string>> {
  const words = ['--git-dir', repository, 'config', '--blob', `${commit}:.gitmodules`, '--null', '--list']
  const { stdout } = await git(words, { env }).catch(() => {
    throw bad('there is no .gitmodules that can be read')
  })
  const said = new Map(stdout.split('\0').map((entry) => entry.split(/\n(.*)/s, 2) as [string, string]))
  const pairs = [...said].flatMap(([key, path]) => {
    const url = key.endsWith('.path') ? said.get(key.replace(/path$/, 'url')) : undefined
    return url === undefined ? [] : [[path, url] as const]
  })
  return new Map(pairs)
}

async function commitOf({ repository, commit, env }: Tree, path: string): Promise<string> {
  const { stdout } = await git(['--git-dir', repository, 'rev-parse', '--verify', '--end-of-options', `${commit}:${path}`], { env })
  return stdout.trim()
}

/** A URL of .gitmodules; one that begins with a dot is relative to where the tree came from, and is shown the same password. */
function resolve(url: string, origin: Remote | undefined, path: string): Remote {
  if (!/^\.\.?\//.test(url)) return parseRemote(url)
  const [, server, from = ''] = /^(\w+:\/\/[^/]+\/|[^/:]+:)(.*)$/.exec(origin?.url ?? '') ?? []
  if (server === undefined)
    throw bad(`${show(path)} is at ${show(url)}, relative to where the app came from, which nobody knows of a push: give it a whole URL`)
  const remote = parseRemote(server + posix.join(from, url))
  return origin?.credentials === undefined ? remote : { ...remote, credentials: origin.credentials }
}

/** Where the app was fetched from last, if it was. */
function lastOrigin(app: App): Remote | undefined {
  const url = app.properties.get('git remote')
  return url === undefined ? undefined : parseRemote(url)
}

function bad(why: string): UserError {
  return new UserError('bad-submodule', `The submodules cannot be fetched: ${why}`)
}

function some(paths: readonly string[]): string {
  return paths.length > 5 ? `${paths.slice(0, 5).join(', ')} and ${paths.length - 5} more` : paths.join(', ')
}
