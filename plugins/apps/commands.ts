import {
  app,
  appName,
  boolean,
  changing,
  checkAppName,
  cloneApp,
  command,
  confirm,
  createApp,
  createBackup,
  currentRelease,
  destroyApp,
  findApp,
  format,
  gitRemote,
  group,
  importFrom,
  maybeApp,
  optional,
  param,
  renameApp,
  reportCommand,
  setGlobalCommand,
  UserError,
  visibleApps,
} from 'dokku'

const create = command({
  name: 'apps:create',
  summary: 'create a new app',
  description: 'Creating an app first is not needed: the first git push does it.',
  args: { name: appName('the new app') },
  examples: ['apps:create node-js-app'],
  right: 'deploy',
  next: ({ args, context }) => `git remote add dokku ${gitRemote(context.instance.settings, args.name)} && git push dokku main`,

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
  right: 'manage',

  async run({ args, context }) {
    await confirm(context, args.app.name, `destroy ${args.app.name} (including all add-ons)`)
    await changing(args.app, context, () => destroyApp(findApp(context.instance, args.app.name), context.output))
  },
})

const exported = command({
  name: 'apps:export',
  summary: 'write an app, with its releases, images, repository and volumes, to standard output',
  description: 'Whoever has it can read its secrets, unless backup:set gave a passphrase or recipients. apps:import makes an app of it.',
  args: { app: app() },
  examples: ['apps:export node-js-app'],
  right: 'manage',
  reads: () => true,

  async run({ args, context }) {
    await createBackup(context, { app: args.app, to: '-', without: [], plainKey: false })
  },
})

const imported = command({
  name: 'apps:import',
  summary: 'make an app of what apps:export wrote, from standard input',
  args: { name: optional(appName('what it is to be called; else what it was')) },
  flags: { unlock: boolean('the first line of standard input is the passphrase or age identity that opens it') },
  examples: ['apps:import', 'apps:import node-js-app-copy'],
  right: 'admin',

  async run({ args, flags, context }) {
    await importFrom(context, args.name, flags.unlock)
  },
})

const newName = param({ summary: 'a name that no app has', label: 'new-app', parse: checkAppName })

const rename = command({
  name: 'apps:rename',
  summary: 'give an app another name, without dropping a request to its domains',
  description:
    'Containers, config, releases, domains and repository stay; only APP.HOSTNAME follows the name. Nothing is deployed, so --skip-deploy, known from Dokku, changes nothing.',
  args: { app: app(), name: newName },
  flags: { 'skip-deploy': boolean('as it is anyway') },
  examples: ['apps:rename node-js-app shop'],
  right: 'manage',

  async run({ args, context }) {
    await changing(args.app, context, () => renameApp(args.app, args.name, context.output))
  },
})

const clone = command({
  name: 'apps:clone',
  summary: 'make a new app like another one, and deploy its image',
  description: 'Config, scale, settings and the git repository are copied; domains are not.',
  args: { app: app(), name: newName },
  flags: {
    'skip-deploy': boolean('do not deploy the new app'),
    'ignore-existing': boolean('do nothing, and do not fail, when there is an app of that name'),
  },
  examples: ['apps:clone node-js-app node-js-app-staging'],
  right: 'deploy',

  async run({ args, flags, context }) {
    if (flags['ignore-existing'] && maybeApp(context.instance, args.name))
      return context.output.warn(`App ${args.name} already exists and is left as it is`)
    const by = { user: context.identity.name, output: context.output }
    await changing(args.app, context, () => cloneApp(args.app, args.name, by, { skipDeploy: flags['skip-deploy'] }))
  },
})

const list = command({
  name: 'apps:list',
  summary: 'list your apps',
  flags: { format },
  examples: ['apps:list', 'apps:list --format json'],
  right: 'none',

  async run({ flags, context }) {
    const names = (await visibleApps(context)).map(({ name }) => name)
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
  right: 'view',
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
  next: ({ args }) => `apps:unlock ${args.app.name} lets it take deploys again`,

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
  right: 'view',

  async run({ args, context }) {
    const { locked: is } = args.app.state
    context.output.line(`${args.app.name} is ${is ? 'locked' : 'not locked'}`)
    return is ? 0 : 1
  },
})

const setting = setGlobalCommand(
  'apps',
  {
    'disable-autocreation': {
      summary: 'true: a git push to a name that no app has is refused, instead of creating one',
      values: ['true', 'false'],
      check: checkTrueOrFalse,
    },
  },
  ['apps:set --global disable-autocreation true', 'apps:set --global disable-autocreation'],
)

const set = command({
  ...setting,
  summary: 'set or clear what holds for all apps',

  async run(input) {
    if (input.args.app !== undefined)
      throw new UserError('bad-choice', `${input.args.setting[0]} is about apps that do not exist yet`, { hint: `apps:set --global ...` })
    await setting.run(input)
  },
})

function checkTrueOrFalse(text: string): void {
  if (text !== 'true' && text !== 'false')
    throw new UserError('bad-choice', `${JSON.stringify(text.slice(0, 40))} is neither true nor false`, { hint: 'true or false' })
}

const report = command(
  reportCommand('apps', {
    'app-created-at': ({ state }) => state.createdAt,
    'app-deploy-source': (one) => currentRelease(one)?.description ?? '',
    'app-locked': ({ state }) => String(state.locked),
    'app-release': (one) => (currentRelease(one) ? `v${currentRelease(one)?.version}` : ''),
    'app-global-disable-autocreation': ({ instance }) => instance.properties.get('apps disable-autocreation') ?? 'false',
  }),
)

export default group('apps', 'Manage apps', [
  create,
  destroy,
  rename,
  clone,
  exported,
  imported,
  list,
  exists,
  lock,
  unlock,
  locked,
  set,
  report,
])
