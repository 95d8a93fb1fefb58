import { isIP } from 'node:net'

/** Ends of names that lead nowhere on the internet (RFC 2606, 6761, 6762, 8375). */
const special = [
  'localhost',
  'local',
  'test',
  'invalid',
  'example',
  'internal',
  'home.arpa',
  'lan',
  'onion',
  'example.com',
  'example.net',
  'example.org',
]
/** Services whose names lead to the address that is in the name. */
const named = /(?:^|\.)(?:nip\.io|sslip\.io|xip\.io|traefik\.me|localtest\.me|lvh\.me)$/

/** May a certificate authority of the internet be asked for this host? */
export function isPublicHost(host: string): boolean {
  const name = host.replace(/^\*\./, '')
  if (isIP(name) !== 0 || !name.includes('.')) return false
  return !named.test(name) && !special.some((end) => name === end || name.endsWith(`.${end}`))
}
