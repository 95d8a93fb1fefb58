import {
  type App,
  app,
  checkRemote,
  command,
  group,
  option,
  parseRef,
  reportCommand,
  storeWebhook,
  UserError,
  type Webhook,
  type WebhookProvider,
  webhookOf,
  webhookProviders,
  webhookUrl,
} from 'dokku'

const enable = command({
  name: 'webhooks:enable',
  summary: 'deploy what a git host tells of, and print the URL and the secret for it',
  description: 'A webhook that was there before is replaced, with its secret.',
  args: { app: app() },
  flags: {
    repository: option('URL', 'where to fetch from; the one that git:sync used last, unless given', checkRemote, { secret: true }),
    branch: option('BRANCH', 'the branch that deploys; the deploy branch of the app, unless given', parseRef),
    provider: option('HOST', 'whose format to take: github, gitlab or gitea; any of them, unless given', parseProvider, {
      complete: () => webhookProviders,
    }),
  },
  examples: [
    'webhooks:enable node-js-app --repository https://github.com/team/app.git',
    'webhooks:enable node-js-app --branch live --provider gitea',
  ],
  right: 'manage',

  async run({ args, flags, context }) {
    const repository = flags.repository ?? args.app.properties.get('git remote')
    if (repository === undefined)
      throw new UserError('missing-value', `Nothing was fetched for ${args.app.name} yet`, { hint: '--repository URL says from where' })
    args.app.properties.set('git remote', repository)
    const secret = storeWebhook(args.app, { repository, branch: flags.branch, provider: flags.provider })
    if (!context.quiet) context.output.warn('The secret is shown this once')
    tell(args.app, secret, context.output.line)
  },
})

const rotate = command({
  name: 'webhooks:rotate',
  summary: 'replace the secret of a webhook, and print it',
  args: { app: app() },
  examples: ['webhooks:rotate node-js-app'],
  right: 'manage',

  async run({ args, context }) {
    tell(args.app, storeWebhook(args.app, enabled(args.app)), context.output.line)
  },
})

const disable = command({
  name: 'webhooks:disable',
  summary: 'take the webhook of an app away',
  args: { app: app() },
  examples: ['webhooks:disable node-js-app'],
  right: 'manage',

  async run({ args, context }) {
    enabled(args.app)
    storeWebhook(args.app, undefined)
    context.output.step(`The webhook of ${args.app.name} is gone`)
  },
})

const ofWebhook = (read: (webhook: Webhook, one: App) => string) => (one: App) => {
  const webhook = webhookOf(one)
  return webhook === undefined ? '' : read(webhook, one)
}

const report = command(
  reportCommand('webhooks', {
    'webhooks-enabled': (one) => String(webhookOf(one) !== undefined),
    'webhooks-url': ofWebhook((_, one) => webhookUrl(one) ?? 'the HTTP door is off'),
    'webhooks-repository': ofWebhook(({ repository }) => repository.replace(/\/\/[^/@]*@/, '//')),
    'webhooks-branch': ofWebhook(({ branch }) => branch ?? 'the deploy branch'),
    'webhooks-provider': ofWebhook(({ provider }) => provider ?? 'any'),
  }),
)

function tell(one: App, secret: string, line: (text: string) => void): void {
  line(`URL:    ${webhookUrl(one) ?? 'none: DOKKU_HTTP_DOOR is off'}`)
  line(`Secret: ${secret}`)
}

function enabled(one: App): Webhook {
  const webhook = webhookOf(one)
  if (webhook !== undefined) return webhook
  throw new UserError('no-webhook', `${one.name} has no webhook`, { hint: `webhooks:enable ${one.name}` })
}

function parseProvider(text: string): WebhookProvider {
  const provider = webhookProviders.find((name) => name === text.replace('forgejo', 'gitea'))
  if (provider !== undefined) return provider
  throw new UserError('bad-provider', `${JSON.stringify(text.slice(0, 40))} is no known git host`, { hint: webhookProviders.join(', ') })
}

export default group('webhooks', 'Deploy when a git host tells of a push', [enable, rotate, disable, report])
