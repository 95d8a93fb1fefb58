import { readdir } from 'node:fs/promises'
import { UserError } from '#lib/errors.ts'
import { didYouMean } from '#lib/nearest.ts'
import { readAppJson } from './app-json.ts'
import type { BuildDriver, Source } from './driver.ts'
import { buildpacks } from './drivers/buildpacks.ts'
import { compose } from './drivers/compose.ts'
import { dockerfile } from './drivers/dockerfile.ts'
import { nothing } from './drivers/null.ts'
import { type BuilderHooks, pluginDriver } from './drivers/plugin.ts'
import { runtime } from './drivers/runtime.ts'

/** Every driver, in the order in which they are asked. */
export const drivers: readonly BuildDriver[] = [buildpacks, dockerfile, compose, runtime]

/** What Dokku calls a builder of ours. */
const former: Readonly<Record<string, string>> = { herokuish: 'buildpacks' }

/** Who builds a source, and who else could. */
export interface Selection {
  driver: BuildDriver
  /** The others that recognise the source; nobody else is asked where one is named. */
  others: readonly BuildDriver[]
}

/**
 * The driver that was selected for a source, that its app.json names, or that a plugin names; else the first that recognises
 * it. UserError `no-such-builder` where the one named does not exist, `no-builder`, with what was looked for, where none recognises it.
 */
export async function selectDriver(source: Source, plugins?: BuilderHooks): Promise<Selection> {
  const name = source.choices?.selected ?? (await readAppJson(source)).builder ?? (await plugins?.detect(source))
  if (name !== undefined) return { driver: byName(name, plugins), others: [] }
  const recognised = await Promise.all(drivers.map(async (driver) => ((await driver.detect(source)) ? [driver] : [])))
  const [driver, ...others] = recognised.flat()
  if (driver !== undefined) return { driver, others }
  const empty = (await readdir(source.dir)).length === 0
  throw new UserError('no-builder', empty ? 'the tree is empty: there is nothing to build' : 'no way to build this tree was found', {
    hint: `looked for ${drivers.map(({ summary, name }) => `${summary} (${name})`).join(', ')}; commit one, or say what builds it: builder:set APP selected NAME`,
  })
}

/** One of ours, or whatever plugins make of the name. */
function byName(name: string, plugins: BuilderHooks | undefined): BuildDriver {
  const found = [...drivers, nothing].find((driver) => driver.name === (former[name] ?? name))
  if (found !== undefined) return found
  if (plugins !== undefined) return pluginDriver(name, plugins)
  const names = drivers.map((driver) => driver.name)
  throw new UserError('no-such-builder', `there is no builder ${JSON.stringify(name.slice(0, 40))}`, {
    hint: didYouMean(name, names) ?? names.join(', '),
  })
}
