import { readdir, rename, rmdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Takes the only folder of a folder away, and leaves what it holds, dotfiles too. */
export async function hoist(dir: string): Promise<void> {
  const [only, ...more] = await readdir(dir, { withFileTypes: true })
  if (only === undefined || more.length > 0 || !only.isDirectory()) return
  // Under a name that nothing in it has.
  const aside = join(dir, `.${only.name}.hoisted`)
  await rename(join(dir, only.name), aside)
  for (const name of await readdir(aside)) await rename(join(aside, name), join(dir, name))
  await rmdir(aside)
}
