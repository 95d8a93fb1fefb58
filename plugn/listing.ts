import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import * as z from 'zod'
import { UserError } from '#lib/errors.ts'
import { isPluginName } from './names.ts'

const versionSchema = z.object({
  version: z.string().max(100),
  /** The commit of a git repository. */
  commit: z
    .string()
    .regex(/^[0-9a-f]{40,64}$/)
    .optional(),
  /** Where this version is, when it is not in the plugin's repository. */
  source: z.string().optional(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  compatibility: z.record(z.string(), z.union([z.string(), z.array(z.string())])).default({}),
})

const entrySchema = z.object({
  name: z.string().refine(isPluginName),
  description: z.string().max(2000).default(''),
  author: z.string().max(2000).default(''),
  source: z.string(),
  status: z.enum(['active', 'deprecated', 'broken']).default('active'),
  hooks: z.array(z.string()).default([]),
  versions: z.array(versionSchema).min(1),
})

const listingSchema = z.object({ format: z.literal(1), made: z.iso.datetime(), plugins: z.array(entrySchema) })

/** What an index lists; versions come newest first. */
export type Listing = z.infer<typeof listingSchema>
export type Entry = z.infer<typeof entrySchema>
export type Version = z.infer<typeof versionSchema>

/** A key pair for an index: the private key as PEM, the public one as 44 letters for those who use the index. */
export function makeKey(): { privateKey: string; publicKey: string } {
  const { privateKey } = generateKeyPairSync('ed25519')
  return { privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), publicKey: publicKeyOf(privateKey) }
}

/** The file of an index: what it lists, and the signature over that, as JSON without spaces. UserError `bad-key`. */
export function signListing(listing: Listing, privateKey: string): string {
  const key = keyOr(() => createPrivateKey(privateKey))
  const index: unknown = JSON.parse(JSON.stringify(listing))
  const signature = sign(null, Buffer.from(JSON.stringify(index)), key).toString('base64')
  return `${JSON.stringify({ signature, key: publicKeyOf(key), index }, null, 2)}\n`
}

/** What the file of an index lists, once its signature is that of the pinned key; UserError `bad-index`. */
export function verifyListing(text: string, publicKey: string, path: string): Listing {
  const bad = (why: string) => new UserError('bad-index', `the index ${path} is refused: ${why}`)
  const parsed = fileSchema.safeParse(json(text))
  if (!parsed.success) throw bad('it is no index of plugins')
  const key = keyOr(() =>
    createPublicKey({ key: Buffer.concat([spkiStart, Buffer.from(publicKey, 'base64')]), format: 'der', type: 'spki' }),
  )
  const signed = Buffer.from(JSON.stringify(parsed.data.index))
  if (!verify(null, signed, key, Buffer.from(parsed.data.signature, 'base64')))
    throw bad('its signature is not that of the key that is pinned for it')
  const listing = listingSchema.safeParse(parsed.data.index)
  if (listing.success) return listing.data
  const [issue] = listing.error.issues
  throw bad(`${issue?.path.join('.')}: ${issue?.message}`)
}

const fileSchema = z.object({ signature: z.string(), index: z.unknown() })

/** What comes before the 32 bytes of an ed25519 key in its DER form (RFC 8410). */
const spkiStart = Buffer.from('302a300506032b6570032100', 'hex')

function publicKeyOf(key: Parameters<typeof createPublicKey>[0]): string {
  return createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(spkiStart.length).toString('base64')
}

function keyOr<T extends { asymmetricKeyType?: string | undefined }>(make: () => T): T {
  try {
    const key = make()
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // Said below.
  }
  throw new UserError('bad-key', 'this is no ed25519 key', { hint: 'plugn index key makes a pair' })
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
