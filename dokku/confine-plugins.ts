import { chmod, chown, mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Confinement, confinement, type Manifest, type Store, userOf } from '#plugn'

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

/** By the thin client, since Node has no call for it. */
const offline = ['/usr/local/bin/dokku', '--offline', '--']

/** As whom a plugin runs that says what it needs, in a home of its own. */
export function confining(store: Store) {
  return async (name: string, manifest: Manifest): Promise<Confinement | undefined> => {
    if (manifest.needs === undefined) return undefined
    const home = join(store.root, 'home', name)
    await mkdir(home, { recursive: true, mode: 0o711 })
    await chmod(home, 0o700)
    const user = await userOf(store, name)
    await chown(home, user, user)
    const { gid } = await stat('/var/run/docker.sock')
    return confinement(manifest, { user, home, dockerGroup: gid, offline, callback: ['DOKKU_SOCKET', 'DOKKU_NESTED'] })
  }
}
