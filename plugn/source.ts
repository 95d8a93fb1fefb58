import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { UserError } from '#lib/errors.ts'
import { isThere } from '#lib/files.ts'
import { checkPluginName } from './names.ts'

/** Where a plugin comes from. */
export interface Source {
  readonly kind: 'git' | 'archive' | 'folder'
  /** As it was given; a folder's is absolute. */
  readonly url: string
}

/** What somebody typed as a source; UserError `bad-source`. */
export async function parseSource(text: string): Promise<Source> {
  const path = text.startsWith('file://') ? text.slice('file://'.length) : text
  if (/^[-\s]|\p{Cc}/u.test(text)) throw badSource(text)
  if (/^(\/|\.\.?(\/|$))/.test(path)) return await localSource(resolve(path))
  if (/^https?:\/\//.test(text) && !isAddress(text)) throw badSource(text)
  if (isArchive(text) && /^https?:\/\//.test(text)) return { kind: 'archive', url: text }
  // An option, or a transport of git's that runs programs, would be neither of these.
  if (/^(https?|ssh|git):\/\/[^-]/.test(text) || /^[\w.][\w.-]*@[\w.][\w.-]*:[^-]/.test(text)) return { kind: 'git', url: text }
  throw badSource(text)
}

async function localSource(path: string): Promise<Source> {
  const found = await stat(path).catch(() => undefined)
  if (found?.isFile() && isArchive(path)) return { kind: 'archive', url: path }
  if (!found?.isDirectory()) throw new UserError('bad-source', `there is no folder and no archive ${path}`)
  const git = [`${path}/.git`, `${path}/objects`]
  return { kind: (await Promise.all(git.map(isThere))).includes(true) ? 'git' : 'folder', url: path }
}

/** A URL without the name and password that may stand in it, for people and files. */
export function withoutCredentials(text: string): string {
  return text.replace(/\b(https?:\/\/)[^\s/@]*@/gi, '$1').replace(/\b([a-z+]+:\/\/[^\s/@:]*):[^\s/@]*@/gi, '$1@')
}

/** The name that a plugin gets when nobody says one: the last part of its source, up to the first dot. */
export function nameOf(source: Source): string {
  const last = basename(source.url.replace(/\/+$/, '').replace(/^[^/]*:/, ''))
  return checkPluginName(last.split('.')[0] ?? '')
}

function isArchive(path: string): boolean {
  return /\.(tar\.gz|tgz)([?#].*)?$/.test(path)
}

/** An address whose name and password can be read, too. */
function isAddress(text: string): boolean {
  try {
    const { username, password } = new URL(text)
    return decodeURIComponent(username + password) !== undefined
  } catch {
    return false
  }
}

function badSource(text: string): UserError {
  return new UserError('bad-source', `${JSON.stringify(text.slice(0, 100))} is no source of a plugin`, {
    hint: 'the address of a git repository, of a .tar.gz, or the path of a folder',
  })
}
