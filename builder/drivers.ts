import { readdir } from 'node:fs/promises'
import { UserError } from '#lib/errors.ts'
import type { BuildDriver, Source } from './driver.ts'
import { dockerfile } from './drivers/dockerfile.ts'

/** Every driver, in the order in which they are asked. */
export const drivers: readonly BuildDriver[] = [dockerfile]

/** The first driver that recognises the source; UserError `no-builder` names what was looked for. */
export async function selectDriver(source: Source): Promise<BuildDriver> {
  for (const driver of drivers) if (await driver.detect(source)) return driver
  const empty = (await readdir(source.dir)).length === 0
  throw new UserError('no-builder', empty ? 'the tree is empty: there is nothing to build' : 'no way to build this tree was found', {
    hint: `looked for ${drivers.map((driver) => `${driver.summary} (${driver.name})`).join(', ')}; commit one and push again`,
  })
}
