import { join } from 'node:path'
import { coerce, satisfies, valid, validRange } from 'semver'
import { UserError } from '#lib/errors.ts'
import type { Manifest } from './manifest.ts'
import { checkPluginName } from './names.ts'
import { bareManifest, readManifest } from './read-manifest.ts'
import type { Found, Store } from './store.ts'

/** Whoever uses the plugins, such as Dokku. */
export interface Host {
  readonly version: string
}

/** A plugin as far as others can be fit for it or not. */
export interface Fit {
  readonly name: string
  readonly manifest: Pick<Manifest, 'version' | 'compatibility'>
}

/** Why a plugin does not fit, and what to do about it. */
export interface Misfit {
  readonly plugin: string
  readonly message: string
  readonly remedy: string
  /** Is only something missing, which may still come? */
  readonly missing: boolean
}

/** What one plugin and the others, or the host, say against each other. Without a host its ranges are not looked at. */
export function misfitsOf(one: Fit, others: readonly Fit[], host?: Host): Misfit[] {
  const rest = others.filter(({ name }) => name !== one.name)
  return [...ownMisfits(one, rest, host), ...rest.flatMap((other) => ownMisfits(other, [one]).filter(({ missing }) => !missing))]
}

/** What a new version of the host would break. */
export async function hostMisfits(store: Store, host: Host): Promise<Misfit[]> {
  const all = await fits((await store.list()).filter(({ enabled }) => enabled))
  return all.flatMap((one) => ownMisfits(one, [], host).filter(({ missing }) => !missing))
}

/** What may be done about a misfit. */
export interface Leniency {
  /** Takes what does not fit. */
  readonly force?: boolean
  /** Gets what is wrong and stands all the same. */
  readonly warn?: (text: string) => void
}

/** Throws UserError `incompatible` with what does not fit and the remedy; with `force`, and where something may still come, it only warns. */
export function insist(misfits: readonly Misfit[], { force = false, warn }: Leniency, lacking: 'allowed' | 'refused'): void {
  const grave = force ? [] : misfits.filter(({ missing }) => !missing || lacking === 'refused')
  if (grave.length > 0)
    throw new UserError('incompatible', grave.map(({ message }) => message).join('\n'), {
      hint: `${[...new Set(grave.map(({ remedy }) => remedy))].join('; ')}; --force does it all the same`,
    })
  for (const { message } of misfits) warn?.(message)
}

/** Does a plugin fit to those that are enabled, and to the host? Called before it is enabled. UserError `incompatible`. */
export async function checkEnable(store: Store, name: string, options: Leniency & { host?: Host } = {}): Promise<void> {
  const found = { name: checkPluginName(name), dir: join(store.available, name), enabled: false }
  const [own] = await fits([found])
  const enabled = await fits((await store.list()).filter((one) => one.enabled))
  if (own !== undefined) insist(misfitsOf(own, enabled, options.host), options, 'refused')
}

/** What plugins say; one that cannot be read says nothing. */
export async function fits(found: readonly Found[]): Promise<Fit[]> {
  return await Promise.all(
    found.map(async ({ name, dir }) => ({ name, manifest: (await readManifest(dir).catch(() => undefined)) ?? bareManifest })),
  )
}

function ownMisfits({ name, manifest }: Fit, others: readonly Fit[], host?: Host): Misfit[] {
  const versions = new Map(others.map((one) => [one.name, one.manifest.version]))
  return Object.entries(manifest.compatibility).flatMap(([key, wanted]) => {
    if (Array.isArray(wanted))
      return wanted
        .filter((other) => versions.has(other))
        .map((other) => misfit(name, `${name} conflicts with the plugin ${other}`, `disable or uninstall ${other} or ${name}`))
    if (key === 'host')
      return host === undefined ? [] : rangeMisfit(name, 'the host', host.version, wanted, `use another version of ${name}`)
    const version = versions.get(key)
    if (version !== undefined) return rangeMisfit(name, `the plugin ${key}`, version, wanted, `update ${key} or ${name}`)
    return [{ ...misfit(name, `${name} needs the plugin ${key} ${wanted}`, `install and enable ${key}`), missing: true }]
  })
}

function rangeMisfit(plugin: string, what: string, version: string, wanted: string, remedy: string): Misfit[] {
  if (validRange(wanted) === null)
    return [misfit(plugin, `${plugin}: ${JSON.stringify(wanted)} is no range of versions`, 'mend its plugin.toml')]
  const known = valid(version) ?? coerce(version)
  if (known !== null && satisfies(known, wanted, { includePrerelease: true })) return []
  return [misfit(plugin, `${plugin} needs ${what} ${wanted}, and this is ${version || 'a version that it does not say'}`, remedy)]
}

function misfit(plugin: string, message: string, remedy: string): Misfit {
  return { plugin, message, remedy, missing: false }
}
