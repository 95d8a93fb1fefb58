import { resolve4, resolve6 } from 'node:dns/promises'
import { isIP } from 'node:net'
import { type Check, type Finding, ok, warning, wrong } from './check.ts'

/** Do the hostname, and any name below it, lead anywhere? Names that stay on the machine need not. */
export function dnsFindings(hostname: string, own: readonly string[], below: readonly string[]): Finding[] {
  if (isLocal(hostname)) return [ok(`${hostname} is no name of the internet: apps are reached from here`)]
  const hint = `a record *.${hostname}, and one for ${hostname}, to the address of this machine`
  if (own.length === 0 && below.length === 0) return [wrong(`${hostname} leads nowhere, and neither do the apps below it`, hint)]
  if (below.length === 0) return [warning(`names below ${hostname} lead nowhere, so apps need domains of their own`, hint)]
  const elsewhere = own.length > 0 && !below.some((address) => own.includes(address))
  return elsewhere
    ? [warning(`${hostname} leads to ${own.join(', ')}, and names below it to ${below.join(', ')}`, hint)]
    : [ok(`${hostname} and what is below it lead to ${below.join(', ')}`)]
}

function isLocal(hostname: string): boolean {
  return isIP(hostname) !== 0 || !hostname.includes('.') || /(^|\.)(localhost|test|local|internal|lan|home\.arpa)$/.test(hostname)
}

async function addresses(name: string): Promise<string[]> {
  const none = () => []
  return (await Promise.all([resolve4(name).catch(none), resolve6(name).catch(none)])).flat()
}

export const dns: Check = {
  name: 'dns',

  async look({ settings: { hostname } }) {
    if (isLocal(hostname)) return dnsFindings(hostname, [], [])
    const [own, below] = await Promise.all([addresses(hostname), addresses(`doctor-looks.${hostname}`)])
    return dnsFindings(hostname, own, below)
  },
}
