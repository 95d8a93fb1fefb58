import {
  type App,
  app,
  assertProxy,
  type Context,
  changing,
  command,
  group,
  propertyFields,
  proxies,
  proxyOf,
  reportCommand,
  reroute,
  setGlobalCommand,
  siteCommand,
} from 'dokku'

const setting = setGlobalCommand(
  'proxy',
  {
    type: {
      summary: `what serves the app: ${proxies.map(({ name }) => name).join(', ')}, or a proxy that a plugin is; nginx unless set`,
      values: proxies.map(({ name }) => name),
      check: String,
      apply: (one, { output }) => reroute(one, output),
    },
  },
  ['proxy:set node-js-app type none', 'proxy:set --global type nginx'],
)

const set = command({
  ...setting,

  async run(input) {
    const { setting: chosen, value } = input.args
    if (chosen[0] === 'type' && value !== undefined && value !== '') await assertProxy(input.context.instance, value)
    await setting.run(input)
  },
})

const enable = command({
  name: 'proxy:enable',
  summary: 'serve an app again',
  args: { app: app() },
  examples: ['proxy:enable node-js-app'],
  right: 'deploy',
  run: ({ args, context }) => turn(args.app, context, ''),
})

const disable = command({
  name: 'proxy:disable',
  summary: 'serve an app no more; it runs on',
  args: { app: app() },
  examples: ['proxy:disable node-js-app'],
  right: 'deploy',
  next: ({ args }) => `proxy:enable ${args.app.name} serves it again`,
  run: ({ args, context }) => turn(args.app, context, 'false'),
})

const build = command(
  siteCommand({
    name: 'proxy:build-config',
    aliases: ['nginx:build-config'],
    summary: 'build the site of an app, or of all, anew: plugins are asked what they add to it',
    act: (one, { output }) => reroute(one, output),
  }),
)

const clear = command(
  siteCommand({
    name: 'proxy:clear-config',
    summary: 'do as proxy:build-config: no configuration is left over that could be cleared',
    act: (one, { output }) => reroute(one, output),
  }),
)

const report = command(
  reportCommand('proxy', {
    'proxy-enabled': (one) => String(one.properties.get('proxy enabled') !== 'false'),
    ...propertyFields('proxy', 'type', 'nginx'),
    'proxy-serves': (one) => proxyOf(one).name,
  }),
)

async function turn(one: App, context: Context, enabled: string): Promise<void> {
  await changing(one, context, async () => {
    const before = one.properties.get('proxy enabled') ?? ''
    one.properties.set('proxy enabled', enabled)
    try {
      await reroute(one, context.output)
    } catch (error) {
      one.properties.set('proxy enabled', before)
      throw error
    }
  })
  context.output.step(`${enabled === '' ? 'Enabled' : 'Disabled'} the proxy of ${one.name}`)
}

export default group('proxy', 'Choose and build what stands between the world and an app', [set, enable, disable, build, clear, report])
