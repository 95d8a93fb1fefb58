import { realpath } from 'node:fs/promises'
import { type Context, plain } from 'dokku'
import { readManifest } from '#plugn'

/** A plugin as `plugin:list` shows it. */
export interface Row {
  name: string
  version: string
  enabled: boolean
  description: string
  /** Does it come with the image? */
  core: boolean
}

/** The plugins of the image and the installed ones, enabled or not, in byte order within each. */
export async function rows({ instance: { plugins } }: Context): Promise<Row[]> {
  const own = plugins
    .own()
    .map(({ name, manifest: { version, description } }) => ({ name, version, enabled: true, description, core: true }))
  const ownDirs = new Set(plugins.own().map(({ dir }) => dir))
  const installed = await Promise.all(
    (await plugins.store.list()).map(async ({ name, dir, enabled }) => {
      // Ours are linked there too, for those who source their functions.
      if (ownDirs.has(await realpath(dir).catch(() => dir))) return []
      const { version = '', description = '' } = (await readManifest(dir).catch(() => undefined)) ?? {}
      return [{ name, version, enabled, description, core: false }]
    }),
  )
  return [...own, ...installed.flat()]
}

/** The row as plugn prints it. */
export function rowText({ name, version, enabled, description }: Row): string {
  return plain(`  ${name.padEnd(20)} ${version.padEnd(5)} ${(enabled ? 'enabled' : 'disabled').padEnd(10)} ${description}`).trimEnd()
}
