import type { Manifest } from '#plugn'

/** What a plugin may do once it is enabled, as lines for people. */
export function rightsOf({ needs }: Manifest): string[] {
  if (needs === undefined)
    return ['everything: it says nothing about what it needs, so its programs run as root in control, with the Docker socket and all data']
  return [
    needs.dokku ? 'call dokku with the rights of whoever caused the call' : '',
    needs.docker ? 'use the Docker Engine, which is as much as being root on the host' : '',
    needs.network ? 'use the network' : '',
    ...needs.paths.map((path) => `use ${path}, as far as its own user may`),
    needs.hooks === undefined ? 'handle every hook it has' : `handle ${needs.hooks.join(', ') || 'no hook'}`,
  ].filter(Boolean)
}
