import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { UserError } from '#lib/errors.ts'

/** A certificate as it is given: PEM, in any order. */
export interface GivenCertificate {
  readonly chain: string
  readonly key: string
}

/** A certificate that can be served: the leaf first, each followed by its issuer. */
export interface CheckedCertificate extends GivenCertificate {
  readonly leaf: X509Certificate
  /** What is odd about it, in words, and does not keep it from being served. */
  readonly warnings: readonly string[]
}

const soonMs = 30 * 24 * 60 * 60 * 1000

/**
 * Looks whether chain and key belong together and can be served, and puts the chain in order. Throws UserError `bad-certificate`
 * for what no browser would take; names that do not cover the hosts, and an end that is near, are only said.
 */
export function checkCertificate(given: GivenCertificate, hosts: readonly string[], now = new Date()): CheckedCertificate {
  const key = readKey(given.key)
  const certificates = readCertificates(given.chain)
  const leaf = certificates.find((one) => one.checkPrivateKey(key))
  if (leaf === undefined) throw bad('the key is not the one of the certificate')
  checkStrength(leaf)
  if (now < new Date(leaf.validFrom)) throw bad(`the certificate is not valid before ${day(leaf.validFrom)}`)
  if (now > new Date(leaf.validTo)) throw bad(`the certificate expired on ${day(leaf.validTo)}`)
  const chain = inOrder(leaf, certificates)
  return {
    chain: chain.map((one) => one.toString()).join(''),
    key: String(key.export({ type: 'pkcs8', format: 'pem' })),
    leaf,
    warnings: [...uncovered(leaf, hosts), ...ending(leaf, now)],
  }
}

/** Is a host one of a certificate's names? */
export function covers(leaf: X509Certificate, host: string): boolean {
  return host.startsWith('*.') ? namesOf(leaf).includes(host) : leaf.checkHost(host, { subject: 'never' }) !== undefined
}

/** The DNS names of a certificate. */
export function namesOf(certificate: X509Certificate | undefined): string[] {
  return [...(certificate?.subjectAltName ?? '').matchAll(/DNS:([^,\s]+)/g)].map(([, name = '']) => name.toLowerCase())
}

function readKey(text: string): KeyObject {
  if (/ENCRYPTED/.test(text)) throw bad('the key has a passphrase', 'openssl pkey -in KEY -out PLAIN-KEY takes it away')
  try {
    return createPrivateKey(text)
  } catch (cause) {
    throw bad('the key cannot be read: it is expected in PEM', undefined, cause)
  }
}

function readCertificates(text: string): [X509Certificate, ...X509Certificate[]] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (blocks.length > 10) throw bad(`a chain has at most ten certificates, and this one has ${blocks.length}`)
  const [first, ...rest] = blocks.map((block, at) => {
    try {
      return new X509Certificate(block)
    } catch (cause) {
      throw bad(`certificate ${at + 1} of the chain cannot be read`, undefined, cause)
    }
  })
  if (first === undefined) throw bad('there is no certificate in it: it is expected in PEM')
  return [first, ...rest]
}

function checkStrength({ publicKey }: X509Certificate): void {
  const { modulusLength } = publicKey.asymmetricKeyDetails ?? {}
  if (publicKey.asymmetricKeyType === 'rsa' && modulusLength !== undefined && modulusLength < 2048)
    throw bad(`an RSA key of ${modulusLength} bits is too weak`, 'browsers want 2048 bits at least')
}

/** The leaf and its issuers as far as they are given; whatever does not belong to that line is refused. */
function inOrder(leaf: X509Certificate, given: readonly X509Certificate[]): X509Certificate[] {
  const chain = [leaf]
  const rest = new Map(given.map((one) => [one.fingerprint256, one]))
  rest.delete(leaf.fingerprint256)
  for (let last = leaf; rest.size > 0; ) {
    const issuer = [...rest.values()].find((one) => last.checkIssued(one))
    if (issuer === undefined) {
      const [stray] = rest.values()
      throw bad(`the chain is broken: ${oneLine(stray?.subject)} is not the issuer of ${oneLine(last.subject)}`)
    }
    if (!last.verify(issuer.publicKey)) throw bad(`the chain is broken: ${oneLine(issuer.subject)} has not signed ${oneLine(last.subject)}`)
    chain.push(issuer)
    rest.delete(issuer.fingerprint256)
    last = issuer
  }
  return chain
}

function uncovered(leaf: X509Certificate, hosts: readonly string[]): string[] {
  const without = hosts.filter((host) => !covers(leaf, host))
  return without.length === 0 ? [] : [`the certificate is for ${namesOf(leaf).join(', ') || 'no name'}, and not for ${without.join(', ')}`]
}

function ending(leaf: X509Certificate, now: Date): string[] {
  const end = new Date(leaf.validTo)
  return end.getTime() - now.getTime() < soonMs ? [`the certificate expires on ${day(leaf.validTo)}`] : []
}

function day(text: string): string {
  return new Date(text).toISOString().slice(0, 10)
}

function oneLine(subject = ''): string {
  return subject.replaceAll('\n', ', ')
}

function bad(what: string, hint?: string, cause?: unknown): UserError {
  return new UserError('bad-certificate', what, { ...(hint === undefined ? {} : { hint }), ...(cause === undefined ? {} : { cause }) })
}
