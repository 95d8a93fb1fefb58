import { z } from 'zod'
import { UserError } from '#lib/errors.ts'

/** Bytes that all texts and files of a site may have together; for those who collect them. */
export const longestAdditions = 4 * 1024 ** 2

const segments = z.string().max(1000).refine(isPlainPath, 'a path begins at the root and has no empty, . or .. part')
/** nginx takes wildcards, blanks and quotes in the name of what it includes for its own. */
const plain = segments.regex(/^[\w./@+-]+$/, 'a text for nginx has a name of letters, digits and . _ @ + -')

const text = z.strictObject({ path: plain, text: z.string() })
const file = z.strictObject({ path: segments, base64: z.base64() })

/** What is added to a site: texts for inside its server block, texts beside it, and files that these name by their paths. */
export const additions = z
  .strictObject({
    /** The folders in which the paths are: a text that names one means our copy. */
    folders: z.array(plain).max(20),
    inside: z.array(text),
    beside: z.array(text),
    files: z.array(file),
  })
  .refine(({ folders, inside, beside, files }) => {
    const paths = [...inside, ...beside, ...files].map(({ path }) => path)
    return new Set(paths).size === paths.length && paths.every((path) => folders.some((folder) => `${path}/`.startsWith(`${folder}/`)))
  }, 'a path is there once, in one of the folders')
  .refine(
    ({ inside, beside, files }) =>
      inside.concat(beside).reduce((sum, { text }) => sum + text.length, 0) + files.reduce((sum, { base64 }) => sum + base64.length, 0) <=
      // base64 has four letters for three bytes.
      2 * longestAdditions,
    'texts and files are too long together',
  )

/** The same, once it is on the disk: a folder by its digest, and what of it nginx includes. */
export const stored = z.strictObject({
  digest: z.string().regex(/^[0-9a-f]{32}$/),
  inside: z.array(plain),
  /** With the hosts that each text serves itself, in the site's place. */
  beside: z.array(z.strictObject({ path: plain, hosts: z.array(z.string()) })),
})

export type Additions = z.infer<typeof additions>
export type StoredAdditions = z.infer<typeof stored>

/** A text as nginx reads it here: paths lead to our copies, and 80 and 443 are the ports on which sites are served. */
export function adapt(
  name: string,
  text: string,
  dir: string,
  { folders }: Pick<Additions, 'folders'>,
  { httpPort, httpsPort, ipv6 }: { httpPort: number; httpsPort: number; ipv6: boolean },
): string {
  const named = folders.map((folder) => RegExp.escape(folder)).join('|')
  const copied = folders.length === 0 ? text : text.replace(new RegExp(`(?<![\\w./-])(?:${named})(?![\\w.-])`, 'g'), (path) => dir + path)
  return copied.replace(directive('listen'), (all, words: string | undefined) => {
    if (words === undefined) return all
    const [, address = '', port, rest = ''] = /^(\[::\]:|\*:|0\.0\.0\.0:)?(80|443)(\s.*)?$/s.exec(words.trim()) ?? []
    if (port === undefined)
      throw new UserError('site-refused', `${name}: listen ${words}: a site is served on 80 and 443, and nowhere else`)
    if (address === '[::]:' && !ipv6) return ''
    return `listen ${address}${port === '80' ? httpPort : httpsPort}${rest};`
  })
}

/** The hosts that the servers of a text name. */
export function hostsOf(text: string): string[] {
  return [...text.matchAll(directive('server_name'))].flatMap(([, names]) => names?.trim().toLowerCase().split(/\s+/) ?? [])
}

/** Finds comments, and the words of a directive. */
function directive(name: string): RegExp {
  return new RegExp(`(?<=^|[;{}\\s])(?:#[^\\n]*|${name}\\s+([^;]*);)`, 'g')
}

function isPlainPath(path: string): boolean {
  const [first, ...parts] = path.split('/')
  return first === '' && parts.length > 0 && !path.includes('\0') && parts.every((part) => !['', '.', '..'].includes(part))
}
