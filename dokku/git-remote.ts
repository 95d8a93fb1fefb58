import type { Settings } from './settings.ts'

/** The address that git pushes an app to. */
export function gitRemote({ hostname, sshPort }: Pick<Settings, 'hostname' | 'sshPort'>, app: string): string {
  return sshPort === 22 ? `dokku@${hostname}:${app}` : `ssh://dokku@${hostname}:${sshPort}/${app}`
}
