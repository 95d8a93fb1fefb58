import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '#lib/errors.ts'
import { installPlugin } from './install.ts'
import type { Entry, Listing } from './listing.ts'
import { loadPlugin } from './plugin.ts'
import { store } from './store.ts'
import { validatePlugin } from './validate.ts'

/** What is wrong with an entry of an index; nothing is fine. */
export interface Checked {
  readonly name: string
  readonly problems: readonly string[]
}

/** Installs, looks through and enables the newest version of every entry, in a store of its own that is thrown away. None of its programs runs. */
export async function checkListing({ plugins }: Listing): Promise<Checked[]> {
  const checked: Checked[] = []
  for (const entry of plugins) checked.push({ name: entry.name, problems: await problemsOf(entry) })
  return checked
}

async function problemsOf({ name, source, versions: [newest] }: Entry): Promise<string[]> {
  const root = await mkdtemp(join(tmpdir(), 'plugn-check-'))
  try {
    if (newest === undefined) return ['it has no version']
    const { version, commit, digest } = newest
    const plugins = store(root)
    const listed = { index: 'checked', plugin: name, version, source: newest.source ?? source, commit, digest }
    await installPlugin(plugins, listed.source, { listed })
    const found = (await validatePlugin(await plugins.find(name), { name })).filter(({ level }) => level === 'error')
    if (found.length > 0) return found.map(({ where, message }) => `${where}: ${message}`)
    await plugins.enable(name)
    for (const one of await plugins.listEnabled()) {
      const { responders } = await loadPlugin(one, { stored: {}, env: {}, modules: false })
      for (const responder of responders) await responder.close?.()
    }
    return []
  } catch (error) {
    if (error instanceof UserError) return [error.message]
    throw error
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}
