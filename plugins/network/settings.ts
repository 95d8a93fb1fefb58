import {
  type App,
  app,
  boolean,
  type Context,
  changeOptions,
  checkNetworkName,
  command,
  currentRelease,
  findAttachable,
  networkOptions,
  networksOf,
  optional,
  param,
  reportCommand,
  reroute,
  restart,
  UserError,
  visibleApps,
  word,
} from 'dokku'

/** Settings that Dokku has, and why they are not here. */
const instead: Readonly<Record<string, string>> = {
  'bind-all-interfaces':
    'containers publish no port: ports:set APP http:8080:5000 serves one more, ports:set APP tcp:5432:5432 one without HTTP',
  'initial-network': 'each app begins on dokku’s own network; attach-post-create adds others before it starts',
  'static-web-listener': 'the appliance knows the addresses of an app; ports:set maps others',
}

const attaching = ['attach-post-create', 'attach-post-deploy']
const keys = [...attaching, 'tld']

const setting = param<string>({
  summary: keys.join(', '),
  label: 'setting',
  parse(key) {
    const hint = Object.hasOwn(instead, key) ? instead[key] : undefined
    if (hint !== undefined) throw new UserError('no-such-setting', `network has no setting ${key} here`, { hint })
    if (keys.includes(key)) return key
    throw new UserError('no-such-setting', `network has no setting ${JSON.stringify(key.slice(0, 40))}`, { hint: keys.join(', ') })
  },
  complete: () => keys,
})

const set = command({
  name: 'network:set',
  summary: 'attach the containers of an app to networks, on which they reach what else is there',
  description:
    'attach-post-create and attach-post-deploy: networks, with commas or blanks between; both attach before a container starts. Without a value, none.\n' +
    'tld: what is added to APP.PROCESS, the name by which others reach the containers there.\n' +
    'A change is a release of its own.',
  args: { app: app(), setting, value: optional(word('the value; left out, the setting is cleared', 'value')) },
  flags: { 'no-restart': boolean('leave it to the next release') },
  examples: ['network:set node-js-app attach-post-create backend', 'network:set node-js-app tld internal'],
  right: 'admin',

  async run({ args, flags, context }) {
    if (args.setting === 'tld') setTld(args.app, args.value ?? '')
    else await setNetworks(args.app, (args.value ?? '').split(/[\s,]+/).filter(Boolean), flags['no-restart'], context)
    context.output.step(args.value === undefined ? `Unsetting ${args.setting}` : `Setting ${args.setting} to ${args.value}`)
  },
})

function setTld(one: App, value: string): void {
  if (value !== '' && !/^[a-z0-9]([a-z0-9.-]{0,60}[a-z0-9])?$/.test(value))
    throw new UserError('bad-tld', `${JSON.stringify(value.slice(0, 40))} is not the end of a host name`, {
      hint: 'network:set APP tld internal',
    })
  one.properties.set('network tld', value)
}

async function setNetworks(one: App, names: readonly string[], noRestart: boolean, context: Context): Promise<void> {
  for (const name of names) await findAttachable(context.instance, checkNetworkName(context.instance, name))
  const description = names.length === 0 ? 'Detach from all networks' : `Attach to ${names.join(', ')}`
  await changeOptions(one, { origin: 'network', description, change: () => networkOptions([...new Set(names)]), noRestart }, context)
}

const report = reportCommand('network', {
  'network-attach-post-create': (one) => networksOf(one).join(','),
  'network-computed-attach-post-create': (one) => networksOf(one).join(','),
  'network-tld': (one) => one.properties.get('network tld') ?? '',
  'network-bind-all-interfaces': () => 'false',
})

const rebuild = command({
  name: 'network:rebuild',
  summary: 'attach the containers of an app anew, and tell the proxy where they are',
  args: { app: app() },
  examples: ['network:rebuild node-js-app'],
  right: 'deploy',
  run: ({ args, context }) => rebuilt(args.app, context),
})

const rebuildAll = command({
  name: 'network:rebuildall',
  summary: 'the same for all apps',
  args: {},
  examples: ['network:rebuildall'],
  right: 'admin',

  async run({ context }) {
    for (const one of await visibleApps(context, 'deploy')) await rebuilt(one, context)
  },
})

async function rebuilt(one: App, context: Context): Promise<void> {
  const { output, identity } = context
  await one.instance.inOrder(one.id, async () => {
    if (networksOf(one).length > 0 && currentRelease(one) !== undefined) await restart(one, { user: identity.name, output })
    else await reroute(one, output)
  })
}

/** What apps reach. */
export const settings = [set, command(report), rebuild, rebuildAll]
