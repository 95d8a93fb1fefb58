import { UserError } from '#lib/errors.ts'
import { didYouMean } from '#lib/nearest.ts'
import type { App } from './app.ts'
import { currentRelease } from './release.ts'

/** Refuses process types that a deployed app does not have: UserError `no-such-process`. */
export function checkProcesses(app: App, names: readonly string[]): void {
  const release = currentRelease(app)
  if (release === undefined) return
  const known = Object.keys(release.manifest.processes)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new UserError('no-such-process', `${app.name} has no process type ${unknown}`, {
      hint: didYouMean(unknown, known) ?? `it has: ${known.join(', ')}`,
    })
}

/** The process types of an app: none before its first deploy. */
export function processesOf(app: App): string[] {
  return Object.keys(currentRelease(app)?.manifest.processes ?? {})
}
