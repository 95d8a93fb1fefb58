import { X509Certificate } from 'node:crypto'
import { run } from '../exec.ts'

/** What a certificate is called when its renewal is asked for (RFC 9773, 4.1); undefined for one that does not name its issuer's key. By openssl. */
export async function renewalId(chain: string): Promise<string | undefined> {
  const { stdout } = await run(['openssl', 'x509', '-noout', '-ext', 'authorityKeyIdentifier'], { input: chain, allow: 'any' })
  const [issuer] = /\b[0-9A-F]{2}(?::[0-9A-F]{2}){7,}\b/.exec(stdout) ?? []
  if (issuer === undefined) return undefined
  return [issuer.replaceAll(':', ''), serial(new X509Certificate(chain).serialNumber)]
    .map((hex) => Buffer.from(hex, 'hex').toString('base64url'))
    .join('.')
}

/** A serial number as DER has it: a number that would look negative begins with a zero byte. */
export function serial(hex: string): string {
  const even = hex.length % 2 === 0 ? hex : `0${hex}`
  return /^[89a-f]/i.test(even) ? `00${even}` : even
}
