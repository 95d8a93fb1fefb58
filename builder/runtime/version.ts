import { coerce, minVersion, satisfies, valid, validRange } from 'semver'
import { UserError } from '#lib/errors.ts'
import { findAny, type Tree } from './clues.ts'
import type { Runtime } from './description.ts'

/** The version of a language that an app is built with. */
export interface Version {
  /** The tag of an image. */
  tag: string
  /** Which versions will do, as a range of semver's. */
  range: string
  /** Where the tree says so, for people; undefined where it does not. */
  said?: string
}

/** The tag that serves what the tree asks for; UserError `runtime-version` where none does. */
export async function findVersion(tree: Tree, { version: rules, title }: Pick<Runtime, 'version' | 'title'>): Promise<Version> {
  const found = await findAny(tree, rules.from)
  if (!found) return { tag: rules.default, range: '*' }
  const value = found.value.trim()
  const wanted = Object.hasOwn(rules.aliases, value) ? (rules.aliases[value] ?? value) : value
  const said = `${found.file} asks for ${title} ${wanted.slice(0, 80)}`
  // Patterns would look at a very long one for very long.
  if (wanted.length > 200) throw noVersion(said)
  const exact = /^v?(\d+(?:\.\d+){0,2})$/.exec(wanted)?.[1]
  if (exact !== undefined && !found.clue.minimum) return { tag: exact, range: exact, said }
  const range = exact === undefined ? rangeOf(wanted) : `>=${exact}`
  if (range === undefined) throw noVersion(said)
  const tag = candidates(rules, range).find((tag) => satisfies(newest(tag), range))
  if (tag === undefined)
    throw new UserError('runtime-version', `${said}, and no image of it is known`, {
      hint: `known are ${[...new Set([rules.default, ...rules.known])].join(', ')}; or name an image yourself`,
    })
  return { tag, range, said }
}

function noVersion(said: string): UserError {
  return new UserError('runtime-version', `${said}, which is not a version`, { hint: 'such as 3.1 or >=3.1' })
}

/** Does a version that is all there is serve what the tree asks for? */
export function serves(version: string, { range }: Version): boolean {
  const whole = coerce(version)
  return whole !== null && satisfies(whole, range)
}

/** What ranges look like in the files of other languages (PEP 440, RubyGems, Composer), as semver's. */
function rangeOf(wanted: string): string | undefined {
  const text = wanted
    .replace(/\s*!=\s*[\w.*]+/g, '') // One that must not be is never the newest for long.
    .replace(/~[>=]\s*(\d+)\.(\d+)\.(\d+)/g, '~$1.$2.$3')
    .replace(/~[>=]\s*(\d+)(?:\.(\d+))?/g, (_, major, minor) => `^${major}.${minor ?? 0}`)
    .replace(/^~(\d+)\.(\d+)$/, '~$1.$2')
    .replace(/={2,3}/g, '=')
    .replace(/(\d)\s*\|\s*(?=[\d^~<>=])/g, '$1 || ')
    .replace(/,/g, ' ')
    .replace(/@\w+$/, '')
    .trim()
  return validRange(text === '' ? '*' : text) ?? undefined
}

/** A tag such as `22` is the newest of its kind. */
function newest(tag: string): string {
  const [major = '0', minor = '99999', patch = '99999'] = /\d+/.test(tag) ? tag.split('.') : []
  return valid(`${major}.${minor}.${patch}`) ?? '0.0.0'
}

function candidates(rules: Runtime['version'], range: string): string[] {
  const least = minVersion(range)
  const near = least && least.major > 0 ? [`${least.major}.${least.minor}`, `${least.major}.${least.minor}.${least.patch}`] : []
  return [rules.default, ...rules.known, ...near]
}
