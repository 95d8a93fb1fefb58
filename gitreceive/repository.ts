import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { hasCode, UserError } from '#lib/errors.ts'
import { readIfThere, writeWhole } from '#lib/files.ts'
import { git } from '#lib/git.ts'

export interface RepositoryOptions {
  /** Directory of the hooks that every repository runs; never inside a repository, so that no push can change it. */
  hooksPath: string
  /** Largest push, in bytes. Default: 2 GiB. */
  maxInputSize?: number
}

/** A repository takes pushes from those of the same format only. */
export type ObjectFormat = 'sha1' | 'sha256'

/** The bare repositories under one root, by id: letters, digits, dash, dot and underscore. */
export interface Repositories {
  path(id: string): string
  exists(id: string): Promise<boolean>
  /**
   * Creates the repository where it is missing, brings its settings up to date, and returns its path. A format makes an empty
   * one anew where it has another; UserError `other-format` when it is not empty.
   */
  ensure(id: string, format?: ObjectFormat): Promise<string>
  /** By which hash its objects are named. */
  formatOf(id: string): Promise<ObjectFormat>
  /** Removes the repository; one that does not exist is no error. */
  remove(id: string): Promise<void>
  /** Removes what killed pushes and removals left behind. Only for the start, while no push runs. */
  sweep(): Promise<void>
}

/** Keeps bare repositories that accept pushes from people we do not trust. */
export function repositories(root: string, options: RepositoryOptions): Repositories {
  const home = resolve(root)

  const path = (id: string) => {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(id) || id.length > 200) throw new Error(`not a repository id: ${JSON.stringify(id)}`)
    return join(home, `${id}.git`)
  }
  const exists = async (id: string) => (await isThere(join(path(id), 'HEAD'))) && (await isThere(join(path(id), 'objects')))

  const emptyOne = async (id: string) => {
    if ((await list(join(path(id), 'objects/pack'))).length === 0) return id
    throw new UserError('other-format', 'The repository holds objects already, and their format cannot be changed', {
      hint: 'a new one may have another format',
    })
  }

  return {
    path,
    exists,

    async ensure(id, format) {
      const target = path(id)
      const file = join(target, 'config')
      const text = async () => (await readIfThere(file)) ?? ''
      if (format !== undefined && (await exists(id)) && formatIn(await text()) !== format) await this.remove(await emptyOne(id))
      if (!(await exists(id))) await create(home, target, format ?? 'sha1')
      const found = await text()
      const config = configText(options, formatIn(found))
      if (found !== config) await writeWhole(file, config, 0o644)
      return target
    },

    async formatOf(id) {
      return formatIn((await readIfThere(join(path(id), 'config'))) ?? '')
    },

    async remove(id) {
      // Gone at once for everybody, then emptied: a crash in between leaves what sweep() knows.
      const doomed = temporaryName(home)
      try {
        await rename(path(id), doomed)
      } catch (error) {
        if (hasCode(error, 'ENOENT')) return
        throw error
      }
      await rm(doomed, { recursive: true, force: true })
    },

    async sweep() {
      for (const name of await list(home)) {
        if (name.startsWith('.tmp-')) await rm(join(home, name), { recursive: true, force: true })
        if (!name.endsWith('.git')) continue
        for (const object of await list(join(home, name, 'objects')))
          if (object.startsWith('tmp_objdir-')) await rm(join(home, name, 'objects', object), { recursive: true, force: true })
      }
    },
  }
}

/** The commit that a ref names now, or undefined. */
export async function currentCommit(path: string, ref: string): Promise<string | undefined> {
  const { stdout } = await git(['--git-dir', path, 'rev-parse', '--verify', '--quiet', '--end-of-options', ref], { allow: [1] })
  return stdout.trim() || undefined
}

/** Copies every branch and tag of one repository, and all they hold, into another. */
export async function copyRefs(from: string, to: string): Promise<void> {
  await git(['--git-dir', to, 'fetch', '--quiet', '--no-write-fetch-head', '--end-of-options', from, '+refs/*:refs/*'])
}

/** Packs what a repository holds; nothing of it goes. */
export async function pack(repository: string): Promise<void> {
  await git(['--git-dir', repository, 'gc', '--quiet', '--no-prune'])
}

function formatIn(config: string): ObjectFormat {
  return /^\s*objectformat\s*=\s*sha256\s*$/im.test(config) ? 'sha256' : 'sha1'
}

/** The whole config of a repository; nothing in it comes from a user. */
function configText({ hooksPath, maxInputSize = 2 * 1024 ** 3 }: RepositoryOptions, format: ObjectFormat): string {
  return `[core]
	repositoryformatversion = ${format === 'sha256' ? 1 : 0}
	bare = true
	hooksPath = ${JSON.stringify(resolve(hooksPath))}
[receive]
	fsckObjects = true
	maxInputSize = ${maxInputSize}
	autogc = false
	advertisePushOptions = false
	shallowUpdate = true
[receive "fsck"]
	zeroPaddedFilemode = ignore
	badTimezone = ignore
	missingSpaceBeforeDate = ignore
[transfer]
	unpackLimit = 1
[gc]
	auto = 0
${format === 'sha256' ? '[extensions]\n\tobjectformat = sha256\n' : ''}`
}

/** Made beside its place and renamed into it, so that no half-made repository is ever seen. */
async function create(home: string, target: string, format: ObjectFormat): Promise<void> {
  const temporary = temporaryName(home)
  await mkdir(home, { recursive: true })
  try {
    await git(['init', '--quiet', '--bare', '--template=', '--initial-branch=main', `--object-format=${format}`, temporary])
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    // Somebody else made it meanwhile.
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error
  }
}

const temporaryName = (home: string) => join(home, `.tmp-${randomBytes(6).toString('hex')}`)

async function list(dir: string): Promise<string[]> {
  try {
    return await readdir(dir)
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}
