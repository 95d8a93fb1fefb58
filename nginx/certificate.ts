import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { z } from 'zod'
import { UserError } from '#lib/errors.ts'
import { writeWhole } from '#lib/files.ts'
import { certificatesDir, type Settings } from './settings.ts'

type Place = Pick<Settings, 'stateDir'>

/** A chain, its leaf first, and the leaf's key. */
export const tls = z.strictObject({
  certificate: z.string().max(100_000),
  key: z.string().max(20_000),
  /** Send plain HTTP to HTTPS? Unless it is false. */
  redirect: z.boolean().exactOptional(),
})

/** The same as it is stored: chain and key are in a file of their own, by their digest. */
export const storedTls = z.strictObject({
  digest: z.string().regex(/^[0-9a-f]{32}$/),
  /** When the leaf ends, in ISO 8601. */
  notAfter: z.string(),
  redirect: z.boolean().exactOptional(),
})

export type Tls = z.infer<typeof tls>
export type StoredTls = z.infer<typeof storedTls>

/** Writes chain and key to the disk, unless they are there. UserError `bad-certificate` when they do not belong together. */
export async function keepCertificate({ certificate, key, redirect }: Tls, place: Place): Promise<StoredTls> {
  const { chain, leaf } = parsed(certificate)
  const secret = privateKey(key)
  if (!leaf.checkPrivateKey(secret)) throw bad('the key is not the one of the certificate')
  // Written anew, so that nothing stands in the file but what was read.
  const pem = chain.map((one) => one.toString()).join('') + secret.export({ type: 'pkcs8', format: 'pem' })
  const digest = createHash('sha256').update(pem).digest('hex').slice(0, 32)
  const file = `${certificatesDir(place)}/${digest}.pem`
  if (!existsSync(file)) await writeWhole(file, pem)
  return { digest, notAfter: new Date(leaf.validTo).toISOString(), ...(redirect === undefined ? {} : { redirect }) }
}

/** Chain and key of a certificate on the disk. */
export async function readCertificate(digest: string, place: Place): Promise<string> {
  return await readFile(`${certificatesDir(place)}/${digest}.pem`, 'utf8')
}

/** Removes what is on the disk and none of these digests. */
export async function sweepCertificates(place: Place, digests: ReadonlySet<string>): Promise<void> {
  if (!existsSync(certificatesDir(place))) return
  for (const name of await readdir(certificatesDir(place)))
    if (!digests.has(name.replace(/\.pem$/, ''))) await rm(`${certificatesDir(place)}/${name}`, { force: true })
}

function parsed(text: string): { chain: X509Certificate[]; leaf: X509Certificate } {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  const chain = blocks.map((block) => {
    try {
      return new X509Certificate(block)
    } catch {
      throw bad('a certificate of the chain cannot be read')
    }
  })
  const [leaf] = chain
  if (leaf === undefined) throw bad('there is no certificate in it, in PEM')
  return { chain, leaf }
}

function privateKey(text: string) {
  try {
    return createPrivateKey(text)
  } catch {
    throw bad('the key cannot be read: it is expected in PEM, without a passphrase')
  }
}

function bad(what: string): UserError {
  return new UserError('bad-certificate', what)
}
