import { z } from 'zod'

/** A token of an ACME challenge (RFC 8555, 8.3): base64url. */
export const challengeToken = z.string().regex(/^[\w-]{1,200}$/, 'a token has letters, digits, - and _')

/** What a certificate authority is answered: the token and the thumbprint of the account's key. */
export const challenge = z.strictObject({ answer: z.string().regex(/^[\w-]{1,200}\.[\w-]{1,200}$/, 'an answer is TOKEN.THUMBPRINT') })
