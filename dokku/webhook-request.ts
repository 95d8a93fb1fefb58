import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import * as z from 'zod'

export const webhookProviders = ['github', 'gitlab', 'gitea'] as const
export type WebhookProvider = (typeof webhookProviders)[number]

/** What a git host tells, once it has shown that it knows the secret. */
export type Told =
  | { readonly kind: 'push'; readonly ref: string; readonly commit: string; readonly at: number | undefined }
  /** Something that deploys nothing, as a ping. */
  | { readonly kind: 'other'; readonly event: string }

/** Where each host says what happened, how it calls a push, and by what one delivery is told from another. */
const formats: Record<WebhookProvider, { event: string; push: string; delivery: readonly string[]; knows: Proof }> = {
  // Gitea and Forgejo sign as GitHub does too, so they are asked first.
  gitea: {
    event: 'x-gitea-event',
    push: 'push',
    delivery: ['x-gitea-delivery'],
    knows: ({ 'x-gitea-signature': given }, body, secret) => isSame(text(given), hmac(body, secret)),
  },
  github: {
    event: 'x-github-event',
    push: 'push',
    delivery: ['x-github-delivery'],
    knows: ({ 'x-hub-signature-256': given }, body, secret) => isSame(text(given), `sha256=${hmac(body, secret)}`),
  },
  gitlab: {
    event: 'x-gitlab-event',
    push: 'Push Hook',
    delivery: ['x-gitlab-event-uuid', 'idempotency-key'],
    knows: ({ 'x-gitlab-token': given }, _body, secret) => isSame(text(given), secret),
  },
}

type Proof = (headers: IncomingHttpHeaders, body: Buffer, secret: string) => boolean

const push = z.object({
  ref: z.string().max(300),
  after: z.string().regex(/^[0-9a-f]{40,64}$/),
  repository: z
    .object({ pushed_at: z.number().optional().catch(undefined) })
    .optional()
    .catch(undefined),
})

/** Whose format is it? Undefined when it is nobody's, or not that of the one that is expected. */
export function providerOf(headers: IncomingHttpHeaders, expected?: WebhookProvider): WebhookProvider | undefined {
  const found = (['gitea', 'github', 'gitlab'] as const).find((name) => formats[name].event in headers)
  return expected === undefined || (found !== undefined && formats[expected].event in headers) ? (expected ?? found) : undefined
}

/** Does whoever sent it know the secret? Takes as long for one wrong answer as for another. */
export function knowsSecret(provider: WebhookProvider, headers: IncomingHttpHeaders, body: Buffer, secret: string): boolean {
  return formats[provider].knows(headers, body, secret)
}

/** By what a delivery is recognised when it comes again: its id, and what was signed, which nobody else can change. */
export function marksOf(provider: WebhookProvider, headers: IncomingHttpHeaders, body: Buffer): string[] {
  const ids = formats[provider].delivery.map((name) => text(headers[name])).filter((id) => id !== '')
  return [...ids, body].map((mark) => hmac(Buffer.from(mark), 'mark').slice(0, 24))
}

/** What it says; undefined when it cannot be read. */
export function readWebhook(provider: WebhookProvider, headers: IncomingHttpHeaders, body: Buffer): Told | undefined {
  const { event: name, push: pushed } = formats[provider]
  const event = text(headers[name])
  if (event !== pushed) return { kind: 'other', event: event.slice(0, 60) }
  const read = push.safeParse(json(text(headers['content-type']), body.toString()))
  if (!read.success) return undefined
  const { ref, after: commit, repository } = read.data
  const at = repository?.pushed_at
  return { kind: 'push', ref, commit, at: at === undefined ? undefined : at * 1000 }
}

/** The body as JSON: as it is, or in the field of a form. */
function json(type: string, body: string): unknown {
  try {
    return JSON.parse(type.startsWith('application/x-www-form-urlencoded') ? (new URLSearchParams(body).get('payload') ?? '') : body)
  } catch {
    return undefined
  }
}

function hmac(body: Buffer, secret: string): string {
  return createHmac('sha256', secret).update(body).digest('hex')
}

/** Compares digests, which are of one length whatever was given. */
function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(Buffer.from(hmac(Buffer.from(given), wanted)), Buffer.from(hmac(Buffer.from(wanted), wanted)))
}

function text(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value : ''
}
