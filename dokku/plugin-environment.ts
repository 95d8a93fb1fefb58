import { actor } from './nested.ts'
import type { Settings } from './settings.ts'

/** Where programs of plugins find us. */
export const pluginSocket = '/run/dokku/plugins/dokku.sock'

/** The variables that programs of plugins find, with the names that Dokku's have. */
export function pluginEnvironment({ dataDir }: Pick<Settings, 'dataDir'>): Record<string, string> {
  const core = `${dataDir}/core-plugins`
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    HOME: '/root',
    DOKKU_SOCKET: pluginSocket,
    DOKKU_ROOT: '/home/dokku',
    DOKKU_LIB_ROOT: dataDir,
    PLUGIN_PATH: `${dataDir}/plugins`,
    PLUGIN_AVAILABLE_PATH: `${dataDir}/plugins/available`,
    PLUGIN_ENABLED_PATH: `${dataDir}/plugins/enabled`,
    PLUGIN_CORE_PATH: core,
    PLUGIN_CORE_AVAILABLE_PATH: `${core}/available`,
    PLUGIN_CORE_ENABLED_PATH: `${core}/enabled`,
    SSH_NAME: actor()?.identity.name ?? 'default',
  }
}
