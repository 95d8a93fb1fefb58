import { chmod, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { confineEverywhere, confining, type Store } from '#plugn'

/** What everybody may enter of the volume: a plugin's own user must reach its programs and what they source, and nothing else. */
const open = new Set(['plugins', 'core-plugins'])
/** What control makes on it sooner or later. */
const closed = ['repositories', 'builds', 'build-logs', 'home']

/** Lets nobody but root read what is on the volume, beside the folders that others must enter. */
export async function guardVolume(dataDir: string): Promise<void> {
  await chmod(dataDir, 0o711)
  for (const name of closed) await mkdir(join(dataDir, name), { recursive: true })
  for (const entry of await readdir(dataDir, { withFileTypes: true }))
    if (!open.has(entry.name) && !entry.isSymbolicLink()) await chmod(join(dataDir, entry.name), entry.isDirectory() ? 0o700 : 0o600)
  // Beside their folders are the settings of plugins, and with which password one was fetched.
  const plugins = join(dataDir, 'plugins')
  for (const entry of await readdir(plugins, { withFileTypes: true })) if (entry.isFile()) await chmod(join(plugins, entry.name), 0o600)
}

/** What plugins that say what they need are kept from, and by what: the thin client has a call that Node lacks. */
const rules = {
  docker: '/var/run/docker.sock',
  offline: ['/usr/local/bin/dokku', '--offline', '--'],
  callback: ['DOKKU_SOCKET', 'DOKKU_NESTED'],
}

/** As whom a plugin runs that says what it needs: by us, and by the `plugn` that plugins call each other with. */
export async function confinePlugins(store: Store): Promise<ReturnType<typeof confining>> {
  await confineEverywhere(store, rules)
  return confining(store, rules)
}
