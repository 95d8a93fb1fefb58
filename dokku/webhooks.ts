import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import type { App } from './app.ts'
import { type WebhookProvider, webhookProviders } from './webhook-request.ts'

/** What a webhook of an app deploys, and the secret that its host signs with. */
export interface Webhook {
  readonly secret: string
  readonly repository: string
  /** Without one, the branch that deploys. */
  readonly branch?: string | undefined
  /** Without one, any that is known. */
  readonly provider?: WebhookProvider | undefined
}

const stored = z.object({
  secret: z.string(),
  repository: z.string(),
  branch: z.string().optional(),
  provider: z.enum(webhookProviders).optional(),
})

/** How many deliveries are remembered, so that none is taken twice. */
const remembered = 400

/** The webhook of an app, if it has one. */
export function webhookOf(app: App): Webhook | undefined {
  const text = app.properties.get('webhooks webhook')
  return text === undefined ? undefined : stored.parse(JSON.parse(text))
}

/** Keeps a webhook under a new secret, or takes it away; gives the secret. */
export function storeWebhook(app: App, webhook: Omit<Webhook, 'secret'> | undefined): string {
  const secret = randomBytes(32).toString('hex')
  app.properties.set('webhooks webhook', webhook === undefined ? '' : JSON.stringify({ ...webhook, secret }))
  if (webhook === undefined) app.properties.set('webhooks deliveries', '')
  return secret
}

/** Where a git host tells of a push to the app; undefined where no HTTP comes in. */
export function webhookUrl({ instance, name }: App): string | undefined {
  const { httpDoor, hostname, httpPort, httpsPort } = instance.settings
  const local = /(^|\.)localhost$/.test(hostname)
  const [scheme, port] = local ? (['http', httpPort] as const) : (['https', httpsPort] as const)
  const shown = port === (local ? 80 : 443) ? '' : `:${port}`
  return httpDoor && `${scheme}://${httpDoor}${shown}/hooks/${name}`
}

/** Remembers a delivery by its marks; false when one of them is known. */
export function isNewDelivery(app: App, marks: readonly string[]): boolean {
  const known = app.properties.get('webhooks deliveries')?.split(' ') ?? []
  if (marks.some((mark) => known.includes(mark))) return false
  app.properties.set('webhooks deliveries', [...known, ...marks].slice(-remembered).join(' '))
  return true
}
