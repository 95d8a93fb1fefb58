import { chmod, chown, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readIfThere, writeWhole } from '#lib/files.ts'
import { type Confinement, confinement, type Surroundings } from './confine.ts'
import type { Manifest } from './manifest.ts'
import type { Store } from './store.ts'

/** What a host says once about all plugins that it confines. */
export interface Confining extends Pick<Surroundings, 'offline' | 'callback'> {
  /** The socket of the Docker Engine. */
  readonly docker: string
}

/** As whom a plugin of a store runs that says what it needs, in a home of its own; undefined for one that says nothing. */
export function confining(store: Store, { docker, ...words }: Confining) {
  return async (name: string, manifest: Manifest): Promise<Confinement | undefined> => {
    if (manifest.needs === undefined) return undefined
    const { userOf } = await import('./users.ts')
    const user = await userOf(store, name)
    const home = join(store.root, 'home', name)
    await mkdir(home, { recursive: true, mode: 0o711 })
    await chmod(home, 0o700)
    await chown(home, user, user)
    const dockerGroup = manifest.needs.docker ? (await stat(docker)).gid : user
    return confinement(manifest, { ...words, user, home, dockerGroup })
  }
}

/** Has every program that calls hooks of a store's plugins confine them, and not only the host itself. */
export async function confineEverywhere(store: Store, rules: Confining): Promise<void> {
  const text = `${JSON.stringify(rules, undefined, 2)}\n`
  // A host must start on a full disk too.
  if ((await readIfThere(pathOf(store))) !== text) await writeWhole(pathOf(store), text)
}

/** How this program has to confine a store's plugins; undefined where no host said so, or where we are not root and have no right to give. */
export async function confiningOf(store: Store): Promise<ReturnType<typeof confining> | undefined> {
  const text = process.getuid?.() === 0 ? await readIfThere(pathOf(store)) : undefined
  return text === undefined ? undefined : confining(store, JSON.parse(text) as Confining)
}

function pathOf({ root }: Store): string {
  return join(root, 'confine.json')
}
