import { Readable } from 'node:stream'
import { tarEntries, textIn, UserError } from 'dokku'

/** A page of maintenance: its HTML, and the files that this names, by their paths, base64. */
export interface MaintenancePage {
  readonly page: string
  readonly files?: Record<string, string>
}

/** The most bytes that a page and its files have together. */
export const longestPage = 3_000_000

/** Reads a page from HTML, or from a tar with `maintenance.html` and what it names. UserError `bad-archive`, `not-text` or `missing-value`. */
export async function readPage(bytes: Buffer): Promise<MaintenancePage> {
  const compressed = bytes[0] === 0x1f && bytes[1] === 0x8b
  if (!compressed && bytes.toString('latin1', 257, 262) !== 'ustar') {
    const page = textIn(bytes)
    if (page.trim() === '') throw missing('standard input is empty')
    return { page }
  }
  const files = new Map<string, Buffer>()
  for await (const entry of tarEntries(Readable.from([bytes]), compressed, { bytes: longestPage, entries: 200 }))
    if (entry.kind === 'file' || entry.kind === 'program') files.set(entry.path, Buffer.concat(await Array.fromAsync(entry.content)))
    else if (entry.kind === 'symlink') await Array.fromAsync(entry.content)
  const page = files.get('maintenance.html')
  if (page === undefined) throw missing('the archive has no maintenance.html')
  files.delete('maintenance.html')
  const assets = Object.fromEntries([...files].map(([path, content]) => [path, content.toString('base64')]))
  return { page: textIn(page), ...(files.size > 0 ? { files: assets } : {}) }
}

function missing(what: string): UserError {
  return new UserError('missing-value', what, {
    hint: 'maintenance:custom-page APP < page.html, or < a tar with maintenance.html and what it names',
  })
}
