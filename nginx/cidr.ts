import { isIP } from 'node:net'
import { z } from 'zod'

/** An IP address, or a network such as 10.0.0.0/8. */
export const cidr = z.string().max(50).refine(isNetwork, 'a network is an IP address, or one with a prefix length, such as 10.0.0.0/8')

/** Networks that are written by one word where networks are expected. */
export const namedNetworks = {
  /** What is reached by no public route. */
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '127.0.0.0/8', '169.254.0.0/16', 'fc00::/7', 'fe80::/10', '::1'],
  /** Those of cloudflare.com/ips, as known in November 2026 and not fetched from there: a network that is new is given by its numbers. */
  cloudflare: [
    ...['173.245.48.0/20', '103.21.244.0/22', '103.22.200.0/22', '103.31.4.0/22', '141.101.64.0/18', '108.162.192.0/18'],
    ...['190.93.240.0/20', '188.114.96.0/20', '197.234.240.0/22', '198.41.128.0/17', '162.158.0.0/15', '104.16.0.0/13'],
    ...['104.24.0.0/14', '172.64.0.0/13', '131.0.72.0/22'],
    ...['2400:cb00::/32', '2606:4700::/32', '2803:f800::/32', '2405:b500::/32', '2405:8100::/32', '2a06:98c0::/29', '2c0f:f248::/32'],
  ],
  /** Those of api.fastly.com/public-ip-list, in the same way. */
  fastly: [
    ...['23.235.32.0/20', '43.249.72.0/22', '103.244.50.0/24', '103.245.222.0/23', '103.245.224.0/24', '104.156.80.0/20'],
    ...['140.248.64.0/18', '140.248.128.0/17', '146.75.0.0/17', '151.101.0.0/16', '157.52.64.0/18', '167.82.0.0/17'],
    ...['167.82.128.0/20', '167.82.160.0/20', '167.82.224.0/20', '172.111.64.0/18', '185.31.16.0/22', '199.27.72.0/21'],
    ...['199.232.0.0/16', '2a04:4e40::/32', '2a04:4e42::/32'],
  ],
} as const satisfies Record<string, readonly string[]>

/** A network, or the name of several. */
export const network = z.union([z.enum(Object.keys(namedNetworks) as (keyof typeof namedNetworks)[]), cidr], {
  error: `a network is an IP address, one with a prefix length, such as 10.0.0.0/8, or one of ${Object.keys(namedNetworks).join(', ')}`,
})

/** Networks, each once, with names replaced by what they stand for. */
export function networks(wanted: readonly z.infer<typeof network>[]): string[] {
  return [...new Set(wanted.flatMap((one) => (one in namedNetworks ? namedNetworks[one as keyof typeof namedNetworks] : [one])))]
}

function isNetwork(text: string): boolean {
  const [address = '', length, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || address.includes('%') || rest.length > 0) return false
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128))
}
