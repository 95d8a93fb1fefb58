import type { IncomingHttpHeaders } from 'node:http'
import { UserError } from '#lib/errors.ts'
import { output } from '#lib/output.ts'
import type { Identity } from './access.ts'
import { type App, allApps, maybeApp } from './app.ts'
import { parseRemote } from './fetch-guard.ts'
import { deployInTurn } from './git-deploy.ts'
import { remoteCommit } from './git-fetch.ts'
import type { Instance } from './instance.ts'
import { actAs } from './nested.ts'
import { currentRelease } from './release.ts'
import { type About, serveCaller } from './serve-caller.ts'
import { deployBranches } from './source.ts'
import type { RemoteSource } from './source-kinds.ts'
import { knowsSecret, marksOf, providerOf, readWebhook } from './webhook-request.ts'
import { isNewDelivery, type Webhook, webhookOf } from './webhooks.ts'

/** How much a git host may send, in bytes. */
export const webhookBodyLimit = 5 * 1024 ** 2

/** How long after a push its news are believed. */
const newsMs = 3_600_000

/** The property that holds a branch from when a deploy of it is promised until it has ended. */
const promise = 'webhooks promised'

const silent = output(
  () => {},
  () => {},
)

export interface WebhookAnswer {
  status: number
  text: string
}

/** Webhooks of apps that wait for their turn, and will deploy what is newest then; `again`: another came meanwhile. */
const waiting = new WeakMap<App, { again: boolean }>()

/**
 * Answers what a git host posts about an app: 202 when it is deployed in the background, 200 when there is nothing to deploy,
 * 404 for an app that is not there or has no webhook, 401 for who does not know the secret, and for what came before or is old.
 */
export async function answerWebhook(instance: Instance, name: string, headers: IncomingHttpHeaders, body: Buffer): Promise<WebhookAnswer> {
  const app = maybeApp(instance, name)
  const webhook = app && webhookOf(app)
  if (app === undefined || webhook === undefined) return { status: 404, text: 'There is no webhook here' }
  const provider = providerOf(headers, webhook.provider)
  if (provider === undefined || !knowsSecret(provider, headers, body, webhook.secret))
    return { status: 401, text: 'The signature or token is not the one of this webhook' }
  const told = readWebhook(provider, headers, body)
  if (told === undefined) return { status: 400, text: 'This is not a push as this host tells of it: choose JSON as content type' }
  if (told.kind === 'other') return { status: 200, text: `Nothing to do for ${JSON.stringify(told.event)}` }
  if (told.at !== undefined && told.at < Date.now() - newsMs) return { status: 401, text: 'This push was more than an hour ago' }
  const branch = /^refs\/heads\/(.+)$/s.exec(told.ref)?.[1]
  if (branch === undefined || !branchesOf(app, webhook).includes(branch))
    return { status: 200, text: `Nothing to do: ${branchesOf(app, webhook).join(' or ')} is deployed` }
  if (/^0+$/.test(told.commit)) return { status: 200, text: `Nothing to do: ${branch} was deleted` }
  if (!isNewDelivery(app, marksOf(provider, headers, body))) return { status: 401, text: 'This delivery came before' }
  if (!begin(app, branch, webhook)) return { status: 202, text: `A deploy of ${branch} waits already, and takes what is newest` }
  return { status: 202, text: `Deploying ${branch} of ${app.name}` }
}

function branchesOf(app: App, { branch }: Webhook): string[] {
  return branch === undefined ? deployBranches(app) : [branch]
}

/** Goes on with the deploys that were promised when control ended. For the start, once deploys may run. */
export function resumeWebhooks(instance: Instance): void {
  for (const app of allApps(instance)) {
    const [branch, webhook] = [app.properties.get(promise), webhookOf(app)]
    if (branch !== undefined && webhook !== undefined) begin(app, branch, webhook)
  }
}

/** Deploys in the background, unless one that has not begun will do it; its build is recorded as any other. */
function begin(app: App, branch: string, webhook: Webhook): boolean {
  const { instance } = app
  const before = waiting.get(app)
  if (before !== undefined) {
    before.again = true
    return false
  }
  const state = { again: false }
  waiting.set(app, state)
  app.properties.set(promise, branch)
  const kept = () => {
    if (waiting.get(app) === state) waiting.delete(app)
    if (!waiting.has(app)) app.properties.set(promise, '')
  }
  const caller: Identity = { name: 'webhook', role: (at) => (at === app.id ? 'deployer' : undefined), credential: `webhook of ${app.name}` }
  const work = async (identity: Identity, about: About) => {
    Object.assign(about, { app: app.name, text: `webhook push ${branch}`, changes: true })
    await actAs({ identity, output: silent }, () =>
      deployNewest(app, { kind: 'remote', remote: parseRemote(webhook.repository), ref: branch }, state),
    )
    about.release = currentRelease(app)?.version
    return 0
  }
  const fail = (error: unknown) => {
    // Whoever follows the build reads it there.
    instance.log.info({ app: app.name, err: error instanceof UserError ? error.message : error }, 'a webhook deployed nothing')
    return 1
  }
  serveCaller(instance, { caller, door: 'webhook' }, work, fail)
    .then(({ note }) => {
      note()
      kept()
    })
    .catch((error: unknown) => instance.log.error({ err: error }, 'a webhook could not be written down'))
  return true
}

async function deployNewest(app: App, source: RemoteSource, state: { again: boolean }): Promise<void> {
  let newest: string | undefined
  do {
    state.again = false
    // What cannot be asked is tried all the same: why it cannot then stands in the build.
    newest = await remoteCommit(app.instance, source).catch(() => undefined)
  } while (state.again)
  if (newest !== undefined && newest === currentRelease(app)?.revision) return
  const check = async () => void waiting.delete(app)
  await deployInTurn(app, source, { user: 'webhook', output: silent }, { check })
}
