import { basename } from 'node:path'
import { lineStream } from '#lib/line-stream.ts'
import { type Around, defineHooks, dispatch, event, loadPlugin, readStored, select, silent, store } from '#plugn'
import type { BuilderHooks } from './drivers/plugin.ts'

const hooks = defineHooks({
  'builder-detect': select<{ app: string; dir: string }>('the builder of a tree', ['app', 'dir'], { timeoutMs: 60_000 }),
  'builder-build': event<{ builder: string; app: string; dir: string; image: string }>(
    'make the image, if the builder is yours',
    ['builder', 'app', 'dir', 'image'],
    { timeoutMs: 3_600_000 },
  ),
})

/** How the plugins of plugn's `PLUGIN_PATH` take part in builds; undefined where it is not set. */
export async function pluginsIn(variables: NodeJS.ProcessEnv): Promise<BuilderHooks | undefined> {
  const env = Object.fromEntries(Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined))
  if (!env.PLUGIN_PATH) return undefined
  const { config, listEnabled } = store(env.PLUGIN_PATH)
  const stored = await readStored(config)
  const plugins = await Promise.all((await listEnabled()).map((found) => loadPlugin(found, { stored, env, modules: false })))
  const called = dispatch(
    hooks,
    plugins.flatMap(({ responders }) => responders),
    { ...silent(), env },
  )
  return {
    detect: async ({ dir }) => (await called.select('builder-detect', { app: basename(dir), dir }))?.answer.trim() || undefined,
    async build(builder, { source: { dir }, image, output, signal }) {
      const said = lineStream((text) => output.detail(text))
      const around: Partial<Around> = { stdout: said, stderr: said, ...(signal && { signal }) }
      await called.fire('builder-build', { builder, app: basename(dir), dir, image }, around)
    },
  }
}
