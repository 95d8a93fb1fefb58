import type { Guide } from '#lib/help.ts'
import { gitRemote } from './git-remote.ts'
import type { Settings } from './settings.ts'

/** What groups of commands are about, in the order in which somebody comes to need them. */
export const topics: Guide['topics'] = {
  'An app and its processes': [
    'apps',
    'config',
    'ps',
    'run',
    'enter',
    'logs',
    'drains',
    'checks',
    'resource',
    'scheduler',
    'app-json',
    'cron',
  ],
  'Deploys, and the way back': ['git', 'releases', 'builds', 'builder', 'builder-dockerfile', 'builder-runtime', 'buildpacks'].concat([
    'registry',
    'repo',
    'webhooks',
    'docker-options',
  ]),
  'How the world reaches it': [
    'domains',
    'certs',
    'letsencrypt',
    'ports',
    'proxy',
    'nginx',
    'http-auth',
    'maintenance',
    'redirect',
    'network',
  ],
  'Data and files': ['storage', 'backup'],
  'Who may do what': ['ssh-keys', 'access', 'tokens', 'audit', 'events'],
  'The instance': ['instance', 'upgrade', 'secrets', 'doctor', 'report', 'cleanup', 'plugin', 'completion'],
}

/** What help begins with: the way from a checkout to an app that serves, and the commands by what they are about. */
export function guideOf(settings: Pick<Settings, 'hostname' | 'sshPort'>): Guide {
  return {
    intro: `Type commands as ssh -p ${settings.sshPort} dokku@${settings.hostname} COMMAND, and these with git, in the folder of your code:`,
    steps: [
      [`git remote add dokku ${gitRemote(settings, 'my-app')}`, 'name the app; it need not be there yet'],
      ['git push dokku main', 'build it, start it, serve it'],
      ['logs my-app -t', 'see what it says'],
      ['config:set my-app KEY=VALUE', 'give it settings and secrets'],
      ['domains:add my-app www.example.com', 'serve it under a name of its own'],
      ['letsencrypt:set --global email you@example.com', 'have certificates come by themselves'],
      ['ps:scale my-app web=2', 'run more of it'],
      ['releases:rollback my-app', 'go back to what served before'],
    ],
    topics,
  }
}
