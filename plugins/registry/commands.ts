import {
  type App,
  boolean,
  checkLogin,
  checkRepository,
  checkTags,
  command,
  findApp,
  group,
  loginsOf,
  option,
  optional,
  param,
  parseRegistry,
  propertyFields,
  readInput,
  remoteRepository,
  reportCommand,
  setGlobalCommand,
  storeLogin,
  UserError,
  word,
} from 'dokku'

const server = param({ summary: 'the host of the registry, such as ghcr.io', label: 'server', parse: parseRegistry })
const only = option('APP', 'for this app, and not for all', String)

const login = command({
  name: 'registry:login',
  summary: 'log in to a registry, to pull images from it and to push to it',
  description: 'Without a password, or with --password-stdin, it is read from standard input. The registry is asked whether it is right.',
  args: {
    server,
    username: word('the user name', 'username'),
    password: optional({ ...word('the password or a token', 'password'), secret: 'whole' as const }),
  },
  flags: {
    'password-stdin': boolean('read the password from standard input'),
    only,
    global: boolean('for all apps, which is the default'),
  },
  examples: [
    'registry:login --password-stdin ghcr.io my-user',
    'registry:login registry.example.com:5000 my-user my-password --only node-js-app',
  ],
  right: 'admin',

  async run({ args, flags, context }) {
    const { instance, output } = context
    const app = flags.only === undefined ? undefined : findApp(instance, flags.only)
    const password = args.password ?? (await readInput(context, 16 * 1024)).replace(/\r?\n$/, '')
    if (password === '' || /\p{Cc}/u.test(args.username + password))
      throw new UserError('bad-credentials', 'Neither a name nor a password is empty or holds a control character')
    const given = { username: args.username, password }
    await checkLogin(instance.engine, args.server, given)
    storeLogin(instance.db, app, args.server, given)
    output.step(`Logged in to ${args.server} as ${args.username}${app === undefined ? '' : ` for ${app.name}`}`)
  },
})

const logout = command({
  name: 'registry:logout',
  summary: 'forget the login to a registry',
  args: { server },
  flags: { only, global: boolean('for all apps, which is the default') },
  examples: ['registry:logout ghcr.io', 'registry:logout ghcr.io --only node-js-app'],
  right: 'admin',

  async run({ args, flags, context }) {
    const app = flags.only === undefined ? undefined : findApp(context.instance, flags.only)
    if (!storeLogin(context.instance.db, app, args.server, undefined))
      throw new UserError('bad-registry', `Nobody is logged in to ${args.server}${app === undefined ? '' : ` for ${app.name}`}`)
    context.output.step(`Logged out of ${args.server}`)
  },
})

const setting = setGlobalCommand(
  'registry',
  {
    server: { summary: 'the host of the registry that releases are pushed to', check: parseRegistry },
    'image-repo': { summary: 'the name of the image there; INSTANCE/APP unless set', check: checkRepository },
    'push-on-release': { summary: 'true: every build is pushed before it is released', values: ['true', 'false'], check: checkSwitch },
    'push-extra-tags': { summary: 'tags beside the version’s own, with commas between them', check: checkTags },
  },
  [
    'registry:set node-js-app server ghcr.io',
    'registry:set node-js-app image-repo my-org/node-js-app',
    'registry:set --global push-on-release true',
  ],
)

const set = command({
  ...setting,

  async run(input) {
    if (input.args.app === undefined && input.args.setting[0] === 'image-repo')
      throw new UserError('bad-choice', 'Two apps cannot push to one name', { hint: 'registry:set APP image-repo NAME' })
    await setting.run(input)
  },
})

const report = command(
  reportCommand('registry', {
    ...propertyFields('registry', 'server'),
    'registry-image-repo': (one) => one.properties.get('registry image-repo') ?? '',
    'registry-computed-image-repo': remoteRepository,
    ...propertyFields('registry', 'push-on-release', 'false'),
    ...propertyFields('registry', 'push-extra-tags'),
    'registry-logins': hosts,
  }),
)

function hosts(one: App): string {
  const { db } = one.instance
  return [...new Set([...Object.keys(loginsOf(db)), ...Object.keys(loginsOf(db, one))])].sort().join(' ')
}

function checkSwitch(text: string): void {
  if (text !== 'true' && text !== 'false')
    throw new UserError('bad-choice', `${JSON.stringify(text.slice(0, 20))} is neither true nor false`)
}

export default group('registry', 'Log in to image registries, and push releases', [login, logout, set, report])
