import type { Credentials, Reached } from './fetch-guard.ts'
import { appsRoot } from './plugin-environment.ts'

/** Where the instance's own key for git over ssh is, and the hosts that it trusts. */
export const sshFiles = {
  key: `${appsRoot}/.ssh/id_ed25519`,
  oldKey: `${appsRoot}/.ssh/id_rsa`,
  knownHosts: `${appsRoot}/.ssh/known_hosts`,
}

/**
 * What the config of a repository needs that is to fetch from one remote, and the one of ssh: it connects to the address that was looked at and nowhere else,
 * follows no redirect, asks nobody for a password, and shows what it was given neither in argv nor in an environment. Pure.
 */
export function remoteConfig(remote: Reached, repository: string, credentials: Credentials | undefined): { config: string; ssh: string } {
  const { scheme, host, port, address } = remote
  const at = address.includes(':') ? `[${address}]` : address
  const header = credentials && `Authorization: Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`
  const config: [string, Record<string, string>][] = [
    ['core', { sshCommand: `ssh -F ${repository}/ssh` }],
    ['protocol', { allow: 'never' }],
    [`protocol "${scheme}"`, { allow: 'always' }],
    [
      'http',
      {
        followRedirects: 'false',
        lowSpeedLimit: '1000',
        lowSpeedTime: '60',
        ...(address === host ? {} : { curloptResolve: `${host}:${port}:${at}` }),
        ...(header === undefined ? {} : { extraHeader: header }),
      },
    ],
    ['gc', { auto: '0' }],
    // The protocol has no names of its own that would need the host.
    ...(scheme === 'git'
      ? [[`url "git://${at}:${port}/"`, { insteadOf: gitPrefix(remote) }] satisfies [string, Record<string, string>]]
      : []),
  ]
  return { config: config.map(([section, values]) => `[${section}]\n${lines(values)}`).join(''), ssh: sshConfig(remote) }
}

/** What ssh reads instead of anybody's settings: the checked address, and the key of the host that was asked for. */
function sshConfig({ host, port, address }: Reached): string {
  return [
    'Host *',
    `HostName ${address}`,
    `HostKeyAlias ${port === 22 ? host : `[${host}]:${port}`}`,
    'BatchMode yes',
    'StrictHostKeyChecking yes',
    'CheckHostIP no',
    'ConnectTimeout 20',
    'ServerAliveInterval 20',
    'IdentitiesOnly yes',
    `IdentityFile ${sshFiles.key}`,
    `IdentityFile ${sshFiles.oldKey}`,
    `UserKnownHostsFile ${sshFiles.knownHosts}`,
    '',
  ].join('\n')
}

function lines(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([key, value]) => `\t${key} = "${value.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"\n`)
    .join('')
}

/** What every path on that server begins with. */
function gitPrefix({ url }: Reached): string {
  return url.slice(0, url.indexOf('/', 'git://'.length) + 1)
}
