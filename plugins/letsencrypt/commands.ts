import {
  type App,
  app,
  boolean,
  type Context,
  certificateOf,
  changeCertificate,
  changing,
  checkEmail,
  checkServer,
  command,
  dueAt,
  givenBy,
  group,
  optional,
  orderCertificate,
  remember,
  setGlobalCommand,
  settle,
  speak,
  storeState,
  UserError,
  visibleApps,
} from 'dokku'
import { active, list, report } from './show.ts'

const enable = command({
  name: 'letsencrypt:enable',
  summary: 'get a certificate for the hosts of an app, and renew it by itself from then on',
  description: 'It does so without being asked once letsencrypt:set --global email is set, for hosts that are names of the internet.',
  args: { app: app() },
  examples: ['letsencrypt:enable node-js-app', 'letsencrypt:enable node-js-app --force'],
  right: 'deploy',

  async run({ args, context }) {
    const stored = certificateOf(args.app)
    if (stored?.origin === 'imported' && !context.force)
      throw new UserError('certificate-imported', `${args.app.name} has a certificate of its own`, {
        hint: `certs:remove ${args.app.name}, or letsencrypt:enable ${args.app.name} --force, which replaces it`,
      })
    args.app.properties.set('letsencrypt enabled', 'true')
    await renewed(args.app, context)
  },
})

const disable = command({
  name: 'letsencrypt:disable',
  summary: 'no longer renew the certificate of an app, and serve it without',
  args: { app: app() },
  examples: ['letsencrypt:disable node-js-app'],
  right: 'deploy',

  async run({ args, context }) {
    await changing(args.app, context, async () => {
      args.app.properties.set('letsencrypt enabled', 'false')
      storeState(args.app, undefined)
      if (certificateOf(args.app)?.origin === 'acme') await changeCertificate(args.app, undefined, context.output)
    })
    context.output.step(`Certificates of ${args.app.name} do not come by themselves any more`)
  },
})

const setting = setGlobalCommand(
  'letsencrypt',
  {
    email: {
      summary: 'whom the certificate authority tells of what goes wrong; set for all apps, certificates come by themselves',
      check: checkEmail,
    },
    server: {
      summary: 'production, staging, or the address of an ACME directory',
      values: ['production', 'staging'],
      check: checkServer,
    },
    profile: { summary: 'one of the authority’s profiles, such as shortlived', check: checkWord },
    graceperiod: { summary: 'seconds before the end at which it is renewed, where the authority does not say when', check: checkSeconds },
    'eab-kid': { summary: 'the id of your account with an authority that wants one', check: checkWord, admin: true },
    'eab-key': { summary: 'its key, in base64url', check: checkWord, admin: true, secret: true },
  },
  ['letsencrypt:set --global email you@example.com', 'letsencrypt:set node-js-app server staging'],
)

const set = command({
  ...setting,

  async run(input) {
    await setting.run(input)
    input.context.instance.renewals.poke()
  },
})

const autoRenew = command({
  name: 'letsencrypt:auto-renew',
  summary: 'renew what is due now; it happens by itself, too',
  args: { app: optional(app()) },
  examples: ['letsencrypt:auto-renew', 'letsencrypt:auto-renew node-js-app'],
  right: 'deploy',
  eachApp: true,

  async run({ args, context }) {
    for (const one of args.app === undefined ? await visibleApps(context, 'deploy') : [args.app]) {
      if (certificateOf(one)?.origin !== 'acme') continue
      if ((await dueAt(one)) <= Date.now()) await renewed(one, context)
      else context.output.step(`The certificate of ${one.name} is not due`)
    }
  },
})

const renew = command({
  name: 'letsencrypt:renew',
  summary: 'get a new certificate for an app now, due or not',
  args: { app: app() },
  examples: ['letsencrypt:renew node-js-app'],
  right: 'deploy',

  async run({ args, context }) {
    ours(args.app)
    await renewed(args.app, context)
  },
})

const revoke = command({
  name: 'letsencrypt:revoke',
  summary: 'have the certificate of an app declared void, and serve it without',
  args: { app: app() },
  flags: { 'key-compromise': boolean('others may have seen the key') },
  examples: ['letsencrypt:revoke node-js-app', 'letsencrypt:revoke node-js-app --key-compromise'],
  right: 'deploy',

  async run({ args, flags, context }) {
    const { chain } = ours(args.app)
    const talk = await speak(args.app.instance, givenBy(args.app))
    await talk.revoke(chain, flags['key-compromise'] ? 1 : 5)
    await changing(args.app, context, async () => {
      args.app.properties.set('letsencrypt enabled', 'false')
      storeState(args.app, undefined)
      await changeCertificate(args.app, undefined, context.output)
    })
    context.output.step(`The certificate of ${args.app.name} is void`)
  },
})

const cronJob = command({
  name: 'letsencrypt:cron-job',
  summary: 'do nothing: certificates are renewed without a cron job',
  flags: { add: boolean('as Dokku has it'), remove: boolean('as Dokku has it') },
  examples: ['letsencrypt:cron-job --add'],
  right: 'admin',

  async run({ context }) {
    context.output.step('Certificates are renewed by themselves, without a cron job')
  },
})

const cleanup = command({
  name: 'letsencrypt:cleanup',
  summary: 'do nothing: what is replaced leaves nothing behind',
  args: { app: optional(app()) },
  examples: ['letsencrypt:cleanup node-js-app'],
  right: 'deploy',
  eachApp: true,

  async run({ context }) {
    context.output.step('There is nothing to clean up')
  },
})

async function renewed(one: App, { output, identity }: Context): Promise<void> {
  try {
    await settle(one, await orderCertificate(one, output, identity.revoked))
  } catch (error) {
    remember(one, error)
    throw error
  }
  for (const url of one.urls) output.detail(url)
}

function ours(one: App) {
  const stored = certificateOf(one)
  if (stored?.origin === 'acme') return stored
  throw new UserError('no-certificate', `${one.name} has no certificate that came by itself`, { hint: `letsencrypt:enable ${one.name}` })
}

function checkWord(word: string): void {
  if (!/^[\w.~+/=-]{1,500}$/.test(word))
    throw new UserError('bad-choice', `${JSON.stringify(word.slice(0, 40))} has characters that it cannot have`)
}

function checkSeconds(word: string): void {
  if (!/^\d{1,8}$/.test(word)) throw new UserError('bad-choice', `${JSON.stringify(word.slice(0, 40))} is no number of seconds`)
}

export default group('letsencrypt', 'Certificates that come and are renewed by themselves', [
  enable,
  disable,
  set,
  list,
  active,
  renew,
  autoRenew,
  revoke,
  cronJob,
  cleanup,
  report,
])
