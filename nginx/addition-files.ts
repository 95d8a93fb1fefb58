import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { hasCode, UserError } from '#lib/errors.ts'
import { sync } from '#lib/files.ts'
import { adapt, additions, hostsOf, type StoredAdditions } from './additions.ts'
import { additionsDir, type Settings } from './settings.ts'
import { problem } from './site.ts'

type Place = Pick<Settings, 'stateDir' | 'httpPort' | 'httpsPort' | 'ipv6'>

/** Writes additions to the disk, unless they are there. UserError `site-refused` when they are none, or a text listens where no site does. */
export async function keep(value: unknown, place: Place): Promise<StoredAdditions> {
  const { data: wanted, error } = additions.safeParse(value)
  if (wanted === undefined) throw new UserError('site-refused', problem(error))
  const { httpPort, httpsPort, ipv6 } = place
  const digest = createHash('sha256')
    .update(JSON.stringify([wanted, httpPort, httpsPort, ipv6]))
    .digest('hex')
    .slice(0, 32)
  const dir = `${additionsDir(place)}/${digest}`
  const beside = wanted.beside.map(({ path, text }) => ({ path, hosts: hostsOf(text) }))
  const kept = { digest, inside: wanted.inside.map(({ path }) => path), beside }
  if (existsSync(dir)) return kept
  const texts = [...wanted.inside, ...wanted.beside].map(({ path, text }) => ({ path, content: adapt(path, text, dir, wanted, place) }))
  const files = wanted.files.map(({ path, base64 }) => ({ path, content: Buffer.from(base64, 'base64') }))
  const fresh = `${dir}.new`
  await rm(fresh, { recursive: true, force: true })
  const folders = new Set([fresh])
  // nginx's workers are another user: what a password is compared with and what a page shows is read by them.
  await mkdir(fresh, { recursive: true })
  for (const { path, content } of [...texts, ...files]) {
    const folder = dirname(`${fresh}${path}`)
    await mkdir(folder, { recursive: true })
    await writeFile(`${fresh}${path}`, content, { mode: 0o644, flush: true })
    folders.add(folder)
  }
  for (const folder of folders) await sync(folder)
  await rename(fresh, dir)
  await sync(dirname(dir))
  return kept
}

/** The texts of additions, as they are on the disk. */
export async function textsOf({ digest, inside, beside }: StoredAdditions, place: Pick<Settings, 'stateDir'>) {
  const paths = [...beside.map(({ path }) => path), ...inside]
  return await Promise.all(paths.map(async (path) => ({ path, text: await readFile(`${additionsDir(place)}/${digest}${path}`, 'utf8') })))
}

/** Removes what is on the disk and none of these digests. */
export async function sweep(place: Pick<Settings, 'stateDir'>, digests: ReadonlySet<string>): Promise<void> {
  const found = await readdir(additionsDir(place)).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  })
  for (const name of found) if (!digests.has(name)) await rm(`${additionsDir(place)}/${name}`, { recursive: true, force: true })
}
