import { join } from 'node:path'
import { readIfThere } from '#lib/files.ts'
import type { Additions } from '#nginx'
import { siteFiles } from './site-files.ts'

/** In an app's folder, the texts that plugins want beside its server block, once they have all written theirs. */
export const besideFile = '.nginx.beside'

/** Where plugins keep what is for nginx. */
export interface SitePlaces {
  /** Here, in the app's folder. */
  readonly home: string
  /** Below these, in folders called like the app. */
  readonly shared: readonly string[]
}

/** What plugins keep for the site of an app, and in words what of it is not taken along. */
export interface SiteTexts {
  readonly additions: Additions | undefined | 'kept'
  readonly left: readonly string[]
}

/** Reads the texts of `nginx.conf.d` in an app's folder, those beside its server block, and the files and folders of the app that they name. */
export async function readSiteTexts(app: string, places: SitePlaces): Promise<SiteTexts> {
  const folder = join(places.home, app)
  const { files, left, read } = siteFiles()
  const inside = await read(join(folder, 'nginx.conf.d'), places.home, (name) => /^[\w.@+-]+\.conf$/.test(name))
  const beside = (await readIfThere(join(folder, besideFile))) ?? ''
  if (inside.length === 0 && beside.trim() === '') return { additions: undefined, left }
  const texts = inside.map(({ path, content }) => ({ path, text: content.toString() }))
  const named = [...texts.map(({ text }) => text), beside].flatMap((text) => namedIn(text, app, places))
  for (const { path, root } of named) await read(path, root)
  const additions = {
    folders: [...new Set([folder, ...named.map((one) => one.folder)])],
    inside: texts,
    beside: beside.trim() === '' ? [] : [{ path: join(folder, 'nginx.conf'), text: beside }],
    files: files.filter((file) => !inside.includes(file)).map(({ path, content }) => ({ path, base64: content.toString('base64') })),
  }
  return { additions, left }
}

/**
 * The files and folders of an app that a text names: of a name with a variable or a wildcard, the folder before it. The app's
 * own folder as a whole, its config vars and what is hidden there are none, and its texts for nginx are there already. Pure.
 */
export function namedIn(text: string, app: string, { home, shared }: SitePlaces): { path: string; folder: string; root: string }[] {
  return [...text.matchAll(/(?<![\w./-])\/[^\s;"'{}]+/g)].flatMap(([words]) => {
    const parts = words
      .replace(/[^/]*[$*?[].*/, '')
      .split('/')
      .filter((part) => part !== '' && part !== '.')
    const path = `/${parts.join('/')}`
    if (parts.includes('..')) return []
    if (path.startsWith(`${home}/`)) {
      const [owner, name = '.'] = path.slice(home.length + 1).split('/')
      return owner !== app || /^(\..*|ENV|nginx\.conf(\.d)?)$/.test(name) ? [] : [{ path, folder: join(home, app), root: home }]
    }
    const root = shared.find((one) => path.startsWith(`${one}/`))
    const folder =
      root === undefined ? undefined : new RegExp(`^${RegExp.escape(root)}/(?:.*?/)?${RegExp.escape(app)}(?=/|$)`).exec(path)?.[0]
    return root === undefined || folder === undefined ? [] : [{ path, folder, root }]
  })
}
