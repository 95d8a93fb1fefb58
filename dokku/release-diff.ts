import { withoutValues } from './docker-options.ts'
import type { Release } from './release.ts'
import { imagesOf } from './services.ts'

/** What a release changes against another; names of config vars only, because values are secrets. */
export interface ReleaseDiff {
  from: number
  to: number
  image: Change | null
  /** Of services that have one of their own. */
  images: Record<string, Change>
  revision: Change | null
  config: { added: string[]; changed: string[]; removed: string[] }
  /** Containers per process type. */
  formation: Record<string, Change>
  /** Commands per process type; null is the image's own. */
  processes: Record<string, Change>
  healthchecks: boolean
  /** With their phase; of variables only names. */
  options: { added: string[]; removed: string[] }
}

export interface Change {
  from: string | number | null
  to: string | number | null
}

export function diffReleases(from: Release, to: Release): ReleaseDiff {
  const [before, after] = [from.config, to.config]
  const [had, has] = [optionsOf(from), optionsOf(to)]
  return {
    from: from.version,
    to: to.version,
    image: change(from.image, to.image),
    images: changes(imagesOf(from.manifest), imagesOf(to.manifest)),
    revision: change(from.revision, to.revision),
    config: {
      added: Object.keys(after).filter((key) => !Object.hasOwn(before, key)),
      changed: Object.keys(after).filter((key) => Object.hasOwn(before, key) && before[key] !== after[key]),
      removed: Object.keys(before).filter((key) => !Object.hasOwn(after, key)),
    },
    formation: changes(from.formation, to.formation),
    processes: changes(from.manifest.processes, to.manifest.processes),
    healthchecks: JSON.stringify(from.manifest.healthchecks) !== JSON.stringify(to.manifest.healthchecks),
    options: { added: missing(has, had), removed: missing(had, has) },
  }
}

/** The same for people, a line each; empty when the two are the same. */
export function describeDiff(diff: ReleaseDiff): string[] {
  const one = (title: string, { from, to }: Change) => `${title.padEnd(11)}${show(from)} -> ${show(to)}`
  const many = (title: string, map: Record<string, Change>) =>
    Object.entries(map).map(([name, each]) => one(title, { from: `${name} ${show(each.from)}`, to: each.to }))
  const keys = Object.entries({ '+': diff.config.added, '~': diff.config.changed, '-': diff.config.removed })
  const options = { '+': diff.options.added, '-': diff.options.removed }
  return [
    ...(diff.revision === null ? [] : [one('commit', diff.revision)]),
    ...(diff.image === null ? [] : [one('image', diff.image)]),
    ...many('image', diff.images),
    ...keys.flatMap(([sign, names]) => names.map((name) => `${'config'.padEnd(11)}${sign} ${name}`)),
    ...many('formation', diff.formation),
    ...many('command', diff.processes),
    ...(diff.healthchecks ? [`${'checks'.padEnd(11)}changed`] : []),
    ...Object.entries(options).flatMap(([sign, some]) => some.map((one) => `${'option'.padEnd(11)}${sign} ${one}`)),
  ]
}

/** Compared as they are: a variable with another value is gone, and added. */
function optionsOf({ options, args }: Release) {
  return [...options, ...args].map((one) => ({ key: JSON.stringify(one), shown: withoutValues(one) }))
}

function missing(some: ReturnType<typeof optionsOf>, among: typeof some): string[] {
  return some.filter(({ key }) => among.every((one) => one.key !== key)).map(({ shown }) => shown)
}

function changes<T extends string | number | null>(before: Record<string, T>, after: Record<string, T>): Record<string, Change> {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return Object.fromEntries(
    names.flatMap((name) => {
      const each = change(before[name], after[name])
      return each === null ? [] : [[name, each]]
    }),
  )
}

function change(from: string | number | null | undefined, to: string | number | null | undefined): Change | null {
  return from === to ? null : { from: from ?? null, to: to ?? null }
}

function show(value: string | number | null): string {
  if (value === null) return 'none'
  return typeof value === 'string'
    ? value.replace(/^sha256:([0-9a-f]{12})[0-9a-f]*$/, '$1').replace(/^([0-9a-f]{12})[0-9a-f]{28}$/, '$1')
    : String(value)
}
