import type { Globals } from '#lib/resolve.ts'
import type { Identity } from './access.ts'

/** Where programs of plugins find us. */
export const pluginSocket = '/run/dokku/plugins/dokku.sock'

/** Where Dokku's plugins find the folders of apps. It is on the volume, so that what they keep there outlives the container. */
export const appsRoot = '/home/dokku'

/** By which key git of plugins gets into a repository over ssh, and whom it trusts: files that an admin may put there. */
export const pluginGit: Readonly<Record<string, string>> = {
  HOME: appsRoot,
  GIT_SSH_COMMAND: [
    'ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new',
    `-o UserKnownHostsFile=${appsRoot}/.ssh/known_hosts`,
    ...['id_ed25519', 'id_rsa'].map((key) => `-o IdentityFile=${appsRoot}/.ssh/${key}`),
  ].join(' '),
}

/** What the environment of a plugin's program is made of. */
export interface Surroundings {
  readonly dataDir: string
  /** Where the host of the engine has what is at `dataDir` here: containers are given folders of it by that name. */
  readonly mountpoint: string
}

/** What was typed beside the words of a command, and whether by somebody at a terminal. */
export type Typed = Partial<Globals> & { readonly terminal?: boolean }

/**
 * The whole environment of the hooks and commands of plugins, by the names that Dokku's have: for whoever acts, which may be
 * nobody. Pure.
 */
export function pluginEnvironment({ dataDir, mountpoint }: Surroundings, who?: Identity, typed: Typed = {}): Record<string, string> {
  const name = who?.name ?? 'default'
  const core = `${dataDir}/core-plugins`
  const plugins = `${dataDir}/plugins`
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    HOME: appsRoot,
    USER: 'root',
    DOCKER_BIN: 'docker',
    PLUGIN_PATH: plugins,
    PLUGIN_AVAILABLE_PATH: `${plugins}/available`,
    PLUGIN_ENABLED_PATH: `${plugins}/enabled`,
    PLUGIN_CORE_PATH: core,
    PLUGIN_CORE_AVAILABLE_PATH: `${core}/available`,
    PLUGIN_CORE_ENABLED_PATH: `${core}/enabled`,
    // A file .plugn in an app's source is not ours to follow.
    PLUGN_NO_FILE: '1',
    DOKKU_SOCKET: pluginSocket,
    DOKKU_ROOT: appsRoot,
    DOKKU_HOST_ROOT: `${mountpoint}/home`,
    DOKKU_LIB_ROOT: dataDir,
    DOKKU_LIB_HOST_ROOT: mountpoint,
    DOKKU_LOGS_DIR: `${dataDir}/logs`,
    DOKKU_LOGS_HOST_DIR: `${mountpoint}/logs`,
    DOKKU_EVENTS_LOGFILE: `${dataDir}/logs/events.log`,
    DOKKU_SYSTEM_USER: 'dokku',
    DOKKU_SYSTEM_GROUP: 'dokku',
    DOKKU_DISTRO: 'debian',
    DOKKU_API_VERSION: '1',
    DOKKU_VALID_EXIT: '0',
    DOKKU_NOT_IMPLEMENTED_EXIT: '10',
    DOKKU_CONTAINER_LABEL: 'dokku',
    DOKKU_GLOBAL_BUILD_ARGS: '--label=dokku',
    DOKKU_GLOBAL_RUN_ARGS: '--label=dokku',
    DOKKU_IMAGE: 'gliderlabs/herokuish:latest-24',
    DOKKU_CNB_BUILDER: 'heroku/builder:24',
    DOKKU_PID: String(process.pid),
    SSH_USER: 'dokku',
    SSH_NAME: name,
    NAME: name,
    ...(who?.fingerprint === undefined ? {} : { FINGERPRINT: who.fingerprint }),
    ...typedVariables(typed),
  }
}

function typedVariables({ app, quiet, force, trace, terminal }: Typed): Record<string, string> {
  const flags = [quiet && '--quiet', trace && '--trace', force && '--force', app !== undefined && `--app ${app}`]
  return {
    ...(terminal ? { TERM: 'xterm-256color', SSH_TTY: '/dev/tty' } : { TERM: 'dumb', DOKKU_NO_COLOR: '1' }),
    // As in Dokku: where nobody is at a terminal, headlines are in the way.
    ...(terminal && !quiet ? {} : { DOKKU_QUIET_OUTPUT: '1' }),
    ...(trace ? { DOKKU_TRACE: '1' } : {}),
    ...(force ? { DOKKU_APPS_FORCE_DELETE: '1' } : {}),
    ...(app === undefined ? {} : { DOKKU_APP_NAME: app }),
    DOKKU_GLOBAL_FLAGS: flags.filter(Boolean).join(' '),
  }
}
