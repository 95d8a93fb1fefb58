import { UserError } from '#lib/errors.ts'
import type { Output } from '#lib/output.ts'
import type { App } from './app.ts'
import { orNextPass } from './engine-error.ts'
import { retag } from './images.ts'
import { currentRelease, listReleases, type Release } from './release.ts'

/** How many releases of an app are kept when nobody says otherwise. */
export const defaultRetention = 10

/** How many releases or builds to keep, from its text. */
export function parseRetention(text: string): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (count < 1) throw new UserError('bad-retention', `${JSON.stringify(text.slice(0, 20))} is not a number from 1 to 9999`)
  return count
}

export function retentionOf(app: App): number {
  const set = app.properties.get('releases retention')
  return set === undefined ? defaultRetention : parseRetention(set)
}

/**
 * Which releases go when `keep` of them stay: the oldest. The newest one of another image than the current stays beyond
 * that, so that a row of config changes never takes away the last code to go back to.
 */
export function surplus(newestFirst: readonly Release[], keep: number): Release[] {
  const image = newestFirst[0]?.image
  const wayBack = newestFirst.find((one) => one.image !== image)
  return newestFirst.slice(keep).filter((one) => one !== wayBack)
}

/** Forgets old releases, and the images that none of the others needs. Gives the versions that went. */
export async function pruneReleases(app: App, keep = retentionOf(app)): Promise<number[]> {
  const { db } = app.instance
  const current = currentRelease(app)?.version
  const old = surplus(listReleases(app), keep).filter(({ version }) => version !== current)
  db.tx(() => {
    for (const { version } of old) db.run('DELETE FROM releases WHERE app_id = ? AND version = ?', app.id, version)
  })
  await retag(app, old)
  return old.map(({ version }) => version)
}

/** What follows from a new release: old ones go, and images have the tags of those that stay. */
export async function tidyReleases(app: App, output: Output): Promise<void> {
  await orNextPass(output, async () => void (await pruneReleases(app)))
}
