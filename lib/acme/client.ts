import { createHmac, X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { UserError } from '../errors.ts'
import { signer } from './jws.ts'
import { parsed, refusal, retryAfter, strange } from './problem.ts'
import { renewalId } from './renewal.ts'
import { type Answer, transport } from './transport.ts'

/** A certificate authority that speaks ACME (RFC 8555). */
export interface Authority {
  /** The URL of its directory. */
  readonly directory: string
  /** PEM that is trusted beside the usual roots. */
  readonly ca?: string | undefined
}

/** An account as it is kept: its key in PEM, and its URL. */
export interface Account {
  readonly key: string
  readonly url: string
}

export interface Registration {
  readonly email?: string
  /** The account that a person has there, where the authority wants one: its id, and its key in base64url. */
  readonly outside?: { readonly kid: string; readonly key: string }
}

const url = z.url().max(2000)
const directory = z.object({
  newNonce: url,
  newAccount: url,
  newOrder: url,
  revokeCert: url,
  renewalInfo: url.optional(),
  meta: z
    .object({
      termsOfService: z.string().optional(),
      externalAccountRequired: z.boolean().optional(),
      profiles: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
})

const window = z.object({
  suggestedWindow: z.object({ start: z.coerce.date(), end: z.coerce.date() }),
  explanationURL: z.string().optional(),
})

/** When to renew: some time from `start` to `end`; ask again at `again`. */
export interface RenewalInfo {
  readonly start: Date
  readonly end: Date
  readonly explanation: string | undefined
  readonly again: Date | undefined
}

/** How often an answer that a nonce was bad is tried again. */
const nonceTries = 20

/** A conversation with an authority, by the key of an account. Fails as `transport` does, and with AcmeError. */
export type Conversation = Awaited<ReturnType<typeof converse>>

/** Reads the authority's directory and speaks with it from then on. */
export async function converse(authority: Authority, key: string, signal?: AbortSignal) {
  const send = transport(authority)
  const mine = signer(key)
  const found = await send({ method: 'GET', url: authority.directory, signal })
  if (found.status !== 200) throw refusal(found)
  const known = directory.safeParse(parsed(found.text))
  if (!known.success) throw strange(`${authority.directory} is no directory`)
  const urls = known.data
  let account: string | undefined
  let nonces: string[] = []

  const nonce = async (): Promise<string> => {
    const kept = nonces.pop()
    if (kept !== undefined) return kept
    const fresh = (await send({ method: 'HEAD', url: urls.newNonce, signal })).headers['replay-nonce']
    if (typeof fresh !== 'string') throw strange('no nonce')
    return fresh
  }

  /** Asks something in the account's name; '' asks for what is at the URL. */
  const post = async (to: string, payload: unknown, as: string | undefined = account): Promise<Answer> => {
    for (let tries = 1; ; tries++) {
      const body = mine.sign(payload, { url: to, nonce: await nonce(), account: as })
      const answer = await send({ method: 'POST', url: to, body, signal })
      const next = answer.headers['replay-nonce']
      if (typeof next === 'string') nonces = [...nonces.slice(-4), next]
      if (answer.status < 400) return answer
      const error = refusal(answer)
      if (error.type !== 'badNonce' || tries === nonceTries) throw error
    }
  }

  return {
    urls,
    post,
    /** What a challenge of this token is answered with. */
    answer: mine.answer,
    /** Makes an account, or finds the one of this key; its terms of service are agreed to. Answers its URL. */
    async register({ email, outside }: Registration): Promise<string> {
      if (urls.meta?.externalAccountRequired === true && outside === undefined)
        throw new UserError('acme-account', 'the certificate authority wants an account of its own bound to it', {
          hint: 'register with the id and key that it gave you',
        })
      const hmac = (text: string, secret: Buffer) => createHmac('sha256', secret).update(text).digest()
      const answer = await post(urls.newAccount, {
        termsOfServiceAgreed: true,
        ...(email === undefined ? {} : { contact: [`mailto:${email}`] }),
        ...(outside === undefined ? {} : { externalAccountBinding: mine.bind(urls.newAccount, outside, hmac) }),
      })
      const { location } = answer.headers
      if (location === undefined || !url.safeParse(location).success) throw strange('an account without a URL')
      account = location
      return location
    },
    /** Has the authority write to another address from now on. */
    async contact(email: string): Promise<void> {
      if (account !== undefined) await post(account, { contact: [`mailto:${email}`] })
    },
    /** Speaks as an account that there is already. */
    as(known: string): void {
      account = known
    },
    /** Takes a certificate back (RFC 5280's reasons: 0 none, 1 the key was seen by others, 4 replaced, 5 not used any more). */
    async revoke(chain: string, reason: 0 | 1 | 4 | 5 = 0): Promise<void> {
      await post(urls.revokeCert, { certificate: new X509Certificate(chain).raw.toString('base64url'), reason })
    },
    /** When the authority wants a certificate renewed (RFC 9773); undefined where it does not say. */
    async renewalInfo(chain: string): Promise<RenewalInfo | undefined> {
      const id = urls.renewalInfo === undefined ? undefined : await renewalId(chain)
      if (id === undefined) return undefined
      const answer = await send({ method: 'GET', url: `${urls.renewalInfo}/${id}`, signal })
      if (answer.status !== 200) throw refusal(answer)
      const info = window.safeParse(parsed(answer.text))
      if (!info.success) throw strange('renewal information without a window')
      const { suggestedWindow, explanationURL } = info.data
      return { ...suggestedWindow, explanation: explanationURL, again: retryAfter(answer) }
    },
  }
}
