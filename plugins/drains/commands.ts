import {
  type App,
  addDrain,
  app,
  authorize,
  boolean,
  type Context,
  checkDrainPlugin,
  command,
  type Drain,
  drainsOf,
  findDrain,
  format,
  group,
  maskedUrl,
  may,
  param,
  parseDrainUrl,
  removeDrain,
  unless,
} from 'dokku'

const scoped = { app: unless('global', app()) }
const flags = { global: boolean('of every app') }

const add = command({
  name: 'drains:add',
  summary: 'send the output of an app, from now on, to a log service',
  description:
    'syslog://HOST:PORT (UDP), syslog+tcp:// and syslog+tls:// get messages of RFC 5424, http:// and https:// POSTs of JSON lines, plugin://NAME/… what the plugin handles at log-drain. Lines wait in memory while a receiver is slow or away; when there are too many, the oldest are dropped and counted. Only an admin may name an address in a private network.',
  args: { ...scoped, url: param({ summary: 'where lines go', label: 'URL', parse: checked, secret: true }) },
  flags,
  examples: [
    'drains:add node-js-app syslog+tls://logs.example.com:6514',
    'drains:add node-js-app https://user:password@logs.example.com/in',
    'drains:add --global syslog://10.0.0.5:514',
  ],
  right: 'manage',

  async run({ args, context }) {
    permit(args.app, context, 'send the output of every app elsewhere')
    await checkDrainPlugin(context.instance, parseDrainUrl(args.url))
    const drain = addDrain(context.instance, args.app, { url: args.url, inner: may(context.identity, 'admin') })
    await context.instance.drains.poke()
    context.output.step(`Lines of ${nameOf(args.app)} go to ${maskedUrl(drain.url)}: drain ${drain.id}`)
  },
})

const remove = command({
  name: 'drains:remove',
  summary: 'send no more output to a log service',
  args: { ...scoped, drain: param({ summary: 'its number or URL, as drains:list shows it', label: 'DRAIN', parse: String, secret: true }) },
  flags,
  examples: ['drains:remove node-js-app 1', 'drains:remove --global 2'],
  right: 'manage',

  async run({ args, context }) {
    permit(args.app, context, 'change the drains of every app')
    const drain = findDrain(context.instance, args.app, args.drain)
    removeDrain(context.instance, drain)
    await context.instance.drains.poke()
    context.output.step(`Lines of ${nameOf(args.app)} go to ${maskedUrl(drain.url)} no more`)
  },
})

const list = command({
  name: 'drains:list',
  aliases: ['drains'],
  summary: 'list where the output of an app goes',
  args: scoped,
  flags: { ...flags, format },
  examples: ['drains:list node-js-app', 'drains:list --global --format json'],
  right: 'manage',
  reads: () => true,

  async run({ args, flags, context: { instance, output, quiet } }) {
    const drains = drainsOf(instance, args.app)
    if (flags.format === 'json') return output.line(JSON.stringify(drains.map(({ id, url }) => ({ id, url: maskedUrl(url) }))))
    if (!quiet) output.result(drains.length === 0 ? `${nameOf(args.app)} has no drains` : `Drains of ${nameOf(args.app)}`)
    for (const { id, url } of drains) output.line(`${id}  ${maskedUrl(url)}`)
  },
})

const report = command({
  name: 'drains:report',
  summary: 'show how the drains of an app are doing',
  args: scoped,
  flags: { ...flags, format },
  examples: ['drains:report node-js-app', 'drains:report --global --format json'],
  right: 'manage',
  reads: () => true,

  async run({ args, flags, context }) {
    const states = drainsOf(context.instance, args.app).map((drain) => stateOf(drain, context))
    if (flags.format === 'json') return context.output.line(JSON.stringify(states))
    for (const { id, url, delivered, dropped, buffered, error } of states) {
      context.output.result(`${nameOf(args.app)} drain ${id} information`)
      context.output.detail(`Drain url:        ${url}`)
      context.output.detail(`Drain delivered:  ${delivered}`)
      context.output.detail(`Drain buffered:   ${buffered}`)
      context.output.detail(`Drain dropped:    ${dropped}`)
      context.output.detail(`Drain error:      ${error ?? ''}`)
    }
  },
})

function stateOf(drain: Drain, { instance }: Context) {
  const { delivered = 0, dropped = 0, buffered = 0, error = null } = instance.drains.state(drain) ?? {}
  return {
    id: drain.id,
    url: maskedUrl(drain.url),
    delivered: drain.delivered + delivered,
    dropped: drain.dropped + dropped,
    buffered,
    error,
  }
}

function checked(text: string): string {
  parseDrainUrl(text)
  return text
}

function permit(one: App | undefined, { identity }: Context, what: string): void {
  if (one === undefined) authorize(identity, 'admin', what)
}

function nameOf(one: App | undefined): string {
  return one?.name ?? 'every app'
}

export default group('drains', 'Send the output of apps elsewhere', [add, remove, list, report])
