import {
  type App,
  app,
  assertHostsFree,
  type Context,
  changing,
  command,
  format,
  group,
  ofApp,
  reportCommand,
  reroute,
  rest,
  UserError,
} from 'dokku'
import { parseHost } from './hosts.ts'

const add = command({
  name: 'domains:add',
  summary: 'serve an app under one or more domains',
  args: { app: app(), hosts: rest('DOMAIN', parseHost) },
  examples: ['domains:add node-js-app www.example.com'],
  right: 'deploy',

  async run({ args, context }) {
    await changing(args.app, context, async () => {
      assertHostsFree(args.app, args.hosts)
      await apply(
        args.app,
        context,
        ['add', args.hosts],
        () => args.app.domains.add(args.hosts),
        () => args.app.domains.remove(args.hosts),
      )
      for (const host of args.hosts) context.output.step(`Added ${host} to ${args.app.name}`)
    })
  },
})

const remove = command({
  name: 'domains:remove',
  summary: 'no longer serve an app under these domains',
  args: { app: app(), hosts: rest('DOMAIN', parseHost, { complete: ofApp((one) => one.hosts) }) },
  examples: ['domains:remove node-js-app www.example.com'],
  right: 'deploy',

  async run({ args, context }) {
    await changing(args.app, context, async () => {
      const known = args.hosts.filter((host) => args.app.hosts.includes(host))
      await apply(
        args.app,
        context,
        ['remove', known],
        () => args.app.domains.remove(known),
        () => args.app.domains.add(known),
      )
      for (const host of args.hosts)
        if (known.includes(host)) context.output.step(`Removed ${host} from ${args.app.name}`)
        else context.output.warn(`${host} is not a domain of ${args.app.name}`)
    })
  },
})

const report = command(
  reportCommand('domains', {
    'domains-app-enabled': (one) => String(one.hosts.length > 0),
    'domains-app-vhosts': (one) => one.hosts.join(' '),
    'domains-global-vhosts': (one) => one.instance.settings.hostname,
  }),
)

const url = command({
  name: 'url',
  summary: 'print the first address of an app',
  args: { app: app() },
  examples: ['url node-js-app'],
  right: 'view',

  async run({ args, context }) {
    const [first] = args.app.urls
    if (first === undefined)
      throw new UserError('no-domain', `${args.app.name} has no domain`, { hint: `domains:add ${args.app.name} www.example.com` })
    context.output.line(first)
  },
})

const urls = command({
  name: 'urls',
  summary: 'print the addresses of an app, one a line',
  args: { app: app() },
  flags: { format },
  examples: ['urls node-js-app', 'urls node-js-app --format json'],
  right: 'view',

  async run({ args, flags, context }) {
    if (flags.format === 'json') return context.output.line(JSON.stringify(args.app.urls))
    for (const one of args.app.urls) context.output.line(one)
  },
})

/** Changes the stored domains and tells the appliance; when that refuses, the change is taken back. */
async function apply(
  one: App,
  context: Context,
  [verb, domains]: [string, readonly string[]],
  change: () => void,
  undo: () => void,
): Promise<void> {
  change()
  try {
    await reroute(one, context.output)
  } catch (error) {
    undo()
    context.output.warn('The change was taken back')
    throw error
  }
  await one.instance.fire('post-domains-update', { app: one.name, verb, domains })
}

export default group('domains', 'Manage the domains of an app', [add, remove, report, url, urls])
