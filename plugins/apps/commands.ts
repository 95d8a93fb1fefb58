import {
  allApps,
  app,
  appName,
  changing,
  command,
  confirm,
  createApp,
  currentRelease,
  destroyApp,
  findApp,
  group,
  option,
  parseFormat,
  reportCommand,
} from 'dokku'

const create = command({
  name: 'apps:create',
  summary: 'create a new app',
  description: 'Creating an app first is not needed: the first git push does it.',
  args: { name: appName('the new app') },
  examples: ['apps:create node-js-app'],
  right: 'deploy',

  async run({ args, context }) {
    context.output.step(`Creating ${args.name}...`)
    await createApp(context.instance, args.name)
  },
})

const destroy = command({
  name: 'apps:destroy',
  summary: 'permanently destroy an app',
  description: 'Its containers, images, repository and settings go; --force does not ask.',
  args: { app: app() },
  examples: ['apps:destroy node-js-app', '--force apps:destroy node-js-app'],
  right: 'deploy',

  async run({ args, context }) {
    await confirm(context, args.app.name, `destroy ${args.app.name} (including all add-ons)`)
    await changing(args.app, context, () => destroyApp(findApp(context.instance, args.app.name), context.output))
  },
})

const list = command({
  name: 'apps:list',
  summary: 'list your apps',
  flags: { format: option('FORMAT', 'text or json', parseFormat) },
  examples: ['apps:list', 'apps:list --format json'],
  right: 'none',

  async run({ flags, context }) {
    const names = allApps(context.instance).map(({ name }) => name)
    if (flags.format === 'json') return context.output.line(JSON.stringify(names))
    if (!context.quiet) context.output.result('My Apps')
    for (const name of names) context.output.line(name)
  },
})

const exists = command({
  name: 'apps:exists',
  summary: 'check whether an app exists',
  description: 'Exits with status 0 when it does and 20 when it does not.',
  args: { app: app() },
  examples: ['apps:exists node-js-app'],
  right: 'none',
  async run() {},
})

const lock = command({
  name: 'apps:lock',
  summary: 'let an app take no deploy',
  description:
    'Pushes, git:from-image, ps:rebuild, releases:rollback and changes of config or scale that would be released are refused until apps:unlock. What runs goes on and can be restarted or stopped.',
  args: { app: app() },
  examples: ['apps:lock node-js-app'],
  right: 'deploy',

  async run({ args, context }) {
    args.app.setLocked(true)
    context.output.step(`Locked ${args.app.name}`)
  },
})

const unlock = command({
  name: 'apps:unlock',
  summary: 'let an app take deploys again',
  args: { app: app() },
  examples: ['apps:unlock node-js-app'],
  right: 'deploy',

  async run({ args, context }) {
    args.app.setLocked(false)
    context.output.step(`Unlocked ${args.app.name}`)
  },
})

const locked = command({
  name: 'apps:locked',
  summary: 'check whether an app is locked',
  description: 'Exits with status 0 when it is and 1 when it is not.',
  args: { app: app() },
  examples: ['apps:locked node-js-app'],
  right: 'none',

  async run({ args, context }) {
    const { locked: is } = args.app.state
    context.output.line(`${args.app.name} is ${is ? 'locked' : 'not locked'}`)
    return is ? 0 : 1
  },
})

const report = command(
  reportCommand('apps', {
    'app-created-at': ({ state }) => state.createdAt,
    'app-deploy-source': (one) => currentRelease(one)?.description ?? '',
    'app-locked': ({ state }) => String(state.locked),
    'app-release': (one) => (currentRelease(one) ? `v${currentRelease(one)?.version}` : ''),
  }),
)

export default group('apps', 'Manage apps', [create, destroy, list, exists, lock, unlock, locked, report])
