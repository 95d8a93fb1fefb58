import {
  type App,
  app,
  assertHostsFree,
  certificateOf,
  command,
  globalDomains,
  group,
  ofApp,
  parseHostName,
  reportCommand,
  rest,
} from 'dokku'
import { changeDomains } from './change.ts'
import { globalCommands } from './global.ts'
import { url, urls } from './urls.ts'

const add = command({
  name: 'domains:add',
  summary: 'serve an app under one or more domains',
  args: { app: app(), hosts: rest('DOMAIN', parseHostName) },
  examples: ['domains:add node-js-app www.example.com'],
  right: 'deploy',
  next: ({ args }) => toCertificate(args.app),

  async run({ args, context }) {
    const { hosts } = args
    await changeDomains(args.app, context, 'add', hosts, () => {
      assertHostsFree(args.app, hosts)
      args.app.domains.add(hosts)
    })
    for (const host of hosts) context.output.step(`Added ${host} to ${args.app.name}`)
  },
})

const set = command({
  name: 'domains:set',
  summary: 'serve an app under these domains and no others',
  args: { app: app(), hosts: rest('DOMAIN', parseHostName) },
  examples: ['domains:set node-js-app example.com www.example.com'],
  right: 'deploy',
  next: ({ args }) => toCertificate(args.app),

  async run({ args, context }) {
    const hosts = [...new Set(args.hosts)]
    await changeDomains(args.app, context, 'set', hosts, () => {
      assertHostsFree(args.app, hosts)
      args.app.domains.store({ own: hosts, defaults: false })
    })
    context.output.step(`Set ${hosts.join(' ')} for ${args.app.name}`)
  },
})

/** Where a certificate comes from, unless one is there or comes by itself. */
function toCertificate(one: App): string | undefined {
  if (certificateOf(one) !== undefined || one.instance.properties.get('letsencrypt email') !== undefined) return undefined
  return `For a certificate: letsencrypt:set --global email you@example.com, then letsencrypt:enable ${one.name}`
}

const remove = command({
  name: 'domains:remove',
  summary: 'no longer serve an app under these domains',
  args: { app: app(), hosts: rest('DOMAIN', parseHostName, { complete: ofApp((one) => one.hosts) }) },
  examples: ['domains:remove node-js-app www.example.com'],
  right: 'deploy',

  async run({ args, context }) {
    const known = args.hosts.filter((host) => args.app.domains.all().includes(host))
    await changeDomains(args.app, context, 'remove', known, () => args.app.domains.remove(known))
    for (const host of args.hosts)
      if (known.includes(host)) context.output.step(`Removed ${host} from ${args.app.name}`)
      else context.output.warn(`${host} is not a domain of ${args.app.name}`)
  },
})

const clear = command({
  name: 'domains:clear',
  summary: 'take all domains of an app away; until it gets another it is not served',
  args: { app: app() },
  examples: ['domains:clear node-js-app'],
  right: 'deploy',

  async run({ args, context }) {
    await changeDomains(args.app, context, 'clear', [], () => args.app.domains.store({ own: [], defaults: false }))
    context.output.step(`Cleared the domains of ${args.app.name}`)
  },
})

const reset = command({
  name: 'domains:reset',
  aliases: ['domains:setup'],
  summary: 'make the domains of an app those that follow from its name again',
  args: { app: app() },
  examples: ['domains:reset node-js-app'],
  right: 'deploy',

  async run({ args, context }) {
    await changeDomains(args.app, context, 'reset', [], () => {
      assertHostsFree(args.app, args.app.defaultHosts)
      args.app.domains.store({ own: [], defaults: true })
    })
    context.output.step(`${args.app.name} is served as ${args.app.hosts.join(' ') || 'nothing: it has domains disabled'}`)
  },
})

const enable = command({
  name: 'domains:enable',
  summary: 'serve an app under its domains again',
  args: { app: app() },
  examples: ['domains:enable node-js-app'],
  right: 'deploy',

  async run({ args, context }) {
    await changeDomains(args.app, context, 'enable', args.app.domains.all(), () => {
      assertHostsFree(args.app, args.app.domains.all())
      args.app.properties.set('domains enabled', '')
    })
    context.output.step(`Enabled the domains of ${args.app.name}`)
  },
})

const disable = command({
  name: 'domains:disable',
  summary: 'serve an app under none of its domains, and keep them for later',
  args: { app: app() },
  examples: ['domains:disable node-js-app'],
  right: 'deploy',

  async run({ args, context }) {
    await changeDomains(args.app, context, 'disable', args.app.domains.all(), () => args.app.properties.set('domains enabled', 'false'))
    context.output.step(`Disabled the domains of ${args.app.name}`)
  },
})

const report = command(
  reportCommand('domains', {
    'domains-app-enabled': (one) => String(one.hosts.length > 0),
    'domains-app-vhosts': (one) => one.hosts.join(' '),
    'domains-global-enabled': (one) => String(globalDomains(one.instance).length > 0),
    'domains-global-vhosts': (one) => globalDomains(one.instance).join(' '),
  }),
)

export default group('domains', 'Manage the domains of apps', [
  add,
  set,
  remove,
  clear,
  reset,
  enable,
  disable,
  ...globalCommands,
  report,
  url,
  urls,
])
