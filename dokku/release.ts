import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import { UserError } from '#lib/errors.ts'
import type { App } from './app.ts'
import { type DockerOption, dockerOption, dockerOptions, storeDockerOptions } from './docker-options.ts'
import { type Manifest, manifestSchema } from './manifest.ts'
import { serviceOf } from './services.ts'

const json = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((text) => JSON.parse(text))
    .pipe(schema)

const releaseRow = z
  .object({
    id: z.number(),
    version: z.number(),
    image: z.string(),
    config: json(z.record(z.string(), z.string())),
    formation: json(z.record(z.string(), z.number())),
    manifest: json(manifestSchema),
    options: json(z.array(dockerOption)),
    args: json(z.array(dockerOption)),
    revision: z.string().nullable(),
    description: z.string(),
    created_by: z.string(),
    created_at: z.string(),
  })
  .transform(({ created_by: createdBy, created_at: createdAt, ...rest }) => ({ ...rest, createdBy, createdAt }))

const opened = 'SELECT r.*, unseal(config) AS config, unseal(options) AS options, unseal(args) AS args FROM releases r'

/** What ran: image, config, formation and docker options together, under a number. `args` are options that plugins added. */
export type Release = Omit<z.infer<typeof releaseRow>, 'id'>

/** Settings that come with a release: stored together with it, so that a release that does not get ready leaves none of them. */
export interface Settings {
  /** All config vars there will be. */
  config?: Record<string, string>
  /** The counts that change. */
  formation?: Record<string, number>
  /** All docker options there will be. */
  options?: readonly DockerOption[]
}

/** What the next release changes; what it leaves out is as the current one has it. */
export interface Change extends Settings {
  description: string
  by: string
  image?: string
  revision?: string | null
  manifest?: Manifest
}

/** The release that serves, if there was a deploy. */
export function currentRelease(app: App): Release | undefined {
  return app.instance.db.get(releaseRow, `${opened} JOIN apps a ON a.release_id = r.id WHERE a.id = ?`, app.id)
}

/** Newest first. */
export function listReleases(app: App): Release[] {
  return app.instance.db.all(releaseRow, `${opened} WHERE r.app_id = ? ORDER BY version DESC`, app.id)
}

export function nextVersion(app: App): number {
  return (listReleases(app)[0]?.version ?? 0) + 1
}

/** The release as it would be now: the app's stored config and formation, and the change. Nothing is stored yet. */
export function draftRelease(app: App, change: Change): Release {
  const current = currentRelease(app)
  const image = change.image ?? current?.image
  if (image === undefined) throw notDeployed(app)
  const manifest = change.manifest ?? current?.manifest
  if (manifest === undefined) throw notDeployed(app)
  return {
    version: nextVersion(app),
    image,
    config: change.config ?? app.config.all(),
    formation: formationFor({ ...app.formation.all(), ...change.formation }, manifest),
    manifest,
    options: [...(change.options ?? dockerOptions(app))],
    args: current?.args ?? [],
    revision: change.revision === undefined ? (current?.revision ?? null) : change.revision,
    description: change.description,
    createdBy: change.by,
    createdAt: new Date().toISOString(),
  }
}

/** Would a draft run otherwise than a release of the same image? */
export function differs(draft: Release, release: Release): boolean {
  const settings = ({ config, formation, options, args }: Release) => [config, formation, options, args]
  return !isDeepStrictEqual(settings(draft), settings(release))
}

/** A release that is listed; without a version, the current one. */
export function findRelease(app: App, version?: number): Release {
  const found = version === undefined ? currentRelease(app) : listReleases(app).find((one) => one.version === version)
  if (found !== undefined) return found
  if (version === undefined) throw notDeployed(app)
  const was = version > 0 && version < nextVersion(app)
  throw new UserError('no-such-release', was ? `v${version} of ${app.name} was pruned` : `${app.name} has no release v${version}`, {
    hint: `releases:list ${app.name}`,
  })
}

/** A version as people type it: v3, or 3. UserError `bad-version`. */
export function parseVersion(word: string): number {
  const [, digits] = /^v?(\d{1,9})$/.exec(word) ?? []
  if (digits === undefined)
    throw new UserError('bad-version', `${JSON.stringify(word.slice(0, 60))} is not a release version`, {
      hint: 'v3, as releases:list shows it',
    })
  return Number(digits)
}

/** An old release again, as a new one; its config and formation become the app's. Without a version, the one before the current. */
export function rollbackRelease(app: App, version: number | undefined, by: string): Release {
  const current = findRelease(app)
  const before = listReleases(app).find((one) => one.version < current.version)
  if (version === undefined && before === undefined)
    throw new UserError('no-such-release', `${app.name} has no earlier release`, { hint: `releases:list ${app.name}` })
  const target = findRelease(app, version ?? before?.version)
  if (target.version === current.version)
    throw new UserError('release-is-current', `v${target.version} is what ${app.name} runs`, { hint: `releases:list ${app.name}` })
  return {
    ...target,
    version: nextVersion(app),
    description: `Rollback to v${target.version}`,
    createdBy: by,
    createdAt: new Date().toISOString(),
  }
}

/** Stores the release as the one that serves, and the app's settings that come with it. From here on a crash converges to it. */
export function commitRelease(app: App, release: Release, settings: Settings = {}): void {
  const { db } = app.instance
  db.tx(() => {
    db.run(
      'INSERT INTO releases (app_id, version, image, config, formation, manifest, options, args, revision, description, created_by, created_at) VALUES (?, ?, ?, seal(?), ?, ?, seal(?), seal(?), ?, ?, ?, ?)',
      app.id,
      release.version,
      release.image,
      JSON.stringify(release.config),
      JSON.stringify(release.formation),
      JSON.stringify(release.manifest),
      JSON.stringify(release.options),
      JSON.stringify(release.args),
      release.revision,
      release.description,
      release.createdBy,
      release.createdAt,
    )
    db.run('UPDATE apps SET release_id = last_insert_rowid() WHERE id = ?', app.id)
    storeSettings(app, settings)
  })
}

export function storeSettings(app: App, { config, formation, options }: Settings): void {
  if (config !== undefined) app.config.replace(config)
  if (formation !== undefined) app.formation.set(formation)
  if (options !== undefined) storeDockerOptions(app, options)
}

/** app.json decides where it speaks; else what ps:scale stored; else what a service says; else one web and none of the others. */
function formationFor(stored: Record<string, number>, manifest: Manifest): Record<string, number> {
  return Object.fromEntries(
    Object.keys(manifest.processes)
      .filter((process) => process !== 'release')
      .map((process) => [
        process,
        manifest.formation[process]?.quantity ?? stored[process] ?? serviceOf(manifest, process)?.replicas ?? (process === 'web' ? 1 : 0),
      ]),
  )
}

export function notDeployed(app: App): UserError {
  return new UserError('not-deployed', `App ${app.name} has not been deployed`, { hint: `git push dokku@HOST:${app.name} main` })
}
