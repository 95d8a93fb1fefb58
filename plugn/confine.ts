import type { Manifest } from './manifest.ts'

/** As whom, and with which environment, the programs of a plugin run that says what it needs. */
export interface Confinement {
  readonly uid: number
  readonly gid: number
  /** The words of a program that starts the plugin's own with less than its user may; none where nothing is taken. */
  readonly through: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Variables of each call that it gets besides. */
  readonly passes: readonly string[]
}

/** What the host knows about the surroundings of a confined plugin. */
export interface Surroundings {
  /** The plugin's own user. */
  readonly user: number
  /** A folder that belongs to the plugin alone. */
  readonly home: string
  /** The group that may use the socket of the Docker Engine. */
  readonly dockerGroup: number
  /** The words of a program that starts another one without a network. */
  readonly offline: readonly string[]
  /** Variables of a call by which a program calls the host back. */
  readonly callback: readonly string[]
}

/**
 * What a plugin gets that declares its needs: a user of its own, a clean environment, and of the rest just what it asked
 * for. Undefined for one that declares nothing. Pure.
 */
export function confinement({ needs }: Manifest, { user, home, dockerGroup, offline, callback }: Surroundings): Confinement | undefined {
  if (needs === undefined) return undefined
  return {
    uid: user,
    gid: needs.docker ? dockerGroup : user,
    through: needs.network ? [] : offline,
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      LANG: 'C.UTF-8',
      HOME: home,
      ...(needs.docker ? { DOCKER_BIN: 'docker' } : {}),
    },
    passes: needs.dokku ? callback : [],
  }
}

/** The argv of a program that is confined, or is not. */
export function confinedArgv(as: Pick<Confinement, 'through'> | undefined, argv: readonly [string, ...string[]]): [string, ...string[]] {
  const [program, ...words] = [...(as?.through ?? []), ...argv]
  return [program ?? argv[0], ...words]
}

/** What is left of a call's environment. */
export function passed(env: Readonly<Record<string, string | undefined>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])))
}

/** May a plugin that says what it needs handle this hook? */
export function mayHandle({ needs }: Manifest, hook: string): boolean {
  return needs?.hooks === undefined || needs.hooks.includes(hook)
}
