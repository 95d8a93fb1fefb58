import {
  app,
  checkUser,
  command,
  format,
  type Grant,
  grant,
  group,
  type Identity,
  listGrants,
  listUsers,
  may,
  maybeApp,
  option,
  optional,
  param,
  parseRole,
  type Right,
  type Role,
  revoke,
  roleOf,
  roleOfNewUsers,
  roles,
  setRoleOfNewUsers,
  UserError,
  word,
} from 'dokku'

const user = param<string>({
  summary: 'a user: whoever has a key',
  label: 'user',
  parse: (name, { instance }) => checkUser(instance.db, name),
  complete: (_prefix, { instance }) => listUsers(instance.db),
})

const grantRole = command({
  name: 'access:grant',
  summary: 'give a user a role, at one app or everywhere',
  description:
    'A viewer sees, a deployer also deploys and configures, an admin of an app also destroys and renames it and lets others in. An admin everywhere may everything.',
  args: {
    user,
    role: param<Role>({ summary: roles.join(', '), label: 'role', parse: parseRole, complete: () => roles }),
    app: optional(app()),
  },
  examples: ['access:grant alice viewer', 'access:grant alice deployer node-js-app', 'access:grant alice admin --app node-js-app'],
  right: 'manage',

  async run({ args, context }) {
    grant(context.instance.db, args.user, args.role, args.app)
    context.output.step(`${args.user} is ${args.role} ${at(args.app)}`)
  },
})

const revokeRole = command({
  name: 'access:revoke',
  summary: 'take the role of a user away, at one app or everywhere',
  description:
    'Roles at other places stay: whoever is a deployer everywhere is one at each app. What is under way with keys and tokens ends at its next step.',
  args: { user, app: optional(app()) },
  examples: ['access:revoke alice node-js-app', 'access:revoke alice'],
  right: 'manage',

  async run({ args, context }) {
    const { db } = context.instance
    if (!revoke(db, args.user, args.app))
      throw new UserError('no-such-grant', `${args.user} has no role of their own ${at(args.app)}`, {
        hint: `access:list --user ${args.user}`,
      })
    const left = roleOf(db, args.user, args.app?.id)
    context.output.step(`${args.user} has no role of their own ${at(args.app)}`)
    if (left !== undefined) context.output.warn(`${args.user} is ${left} everywhere, so also there: access:revoke ${args.user}`)
  },
})

const list = command({
  name: 'access:list',
  summary: 'list who has which role where',
  description: 'Your own roles, and those of others at what you are an admin of.',
  args: { app: optional(app()) },
  flags: {
    user: option('USER', 'only those of this user', String, { complete: (_prefix, { instance }) => listUsers(instance.db) }),
    format,
  },
  examples: ['access:list', 'access:list --app node-js-app', 'access:list --user alice --format json'],
  right: 'none',

  async run({ args, flags, context }) {
    const { identity, instance } = context
    const shown = listGrants(instance.db).filter(
      (one) =>
        (flags.user === undefined || one.user === flags.user) &&
        (args.app === undefined || one.app === null || one.app === args.app.name) &&
        (one.user === identity.name || may(identity, 'manage', placeOf(one))),
    )
    if (flags.format === 'json') return context.output.line(JSON.stringify(shown))
    if (!context.quiet) context.output.line(row({ user: 'USER', role: 'ROLE', app: 'APP' }))
    for (const one of shown) context.output.line(row({ ...one, app: one.app ?? '*' }))

    function placeOf(one: Grant) {
      return one.app === null ? undefined : maybeApp(instance, one.app)
    }
  },
})

function row({ user, role, app }: { user: string; role: string; app: string }): string {
  return `${user.padEnd(20)} ${role.padEnd(10)} ${app}`
}

const check = command({
  name: 'access:check',
  summary: 'say whether a user may do something',
  description: 'The exit status is 0 when they may and 1 when they may not.',
  args: { user, what: word('a right (view, deploy, manage, admin) or a command', 'what'), app: optional(app()) },
  examples: ['access:check alice deploy node-js-app', 'access:check alice ps:scale --app node-js-app', 'access:check alice plugin:install'],
  right: 'manage',
  reads: () => true,

  async run({ args, context }) {
    const right = rightOf(args.what, context.groups)
    const { db } = context.instance
    const someone: Identity = { name: args.user, credential: 'nothing', role: (id) => roleOf(db, args.user, id) }
    const allowed = may(someone, right, args.app)
    context.output.line(`${args.user} ${allowed ? 'may' : 'may not'} ${args.what} ${at(args.app)}`)
    return allowed ? 0 : 1
  },
})

const rights: readonly Right[] = ['view', 'deploy', 'manage', 'admin']

function rightOf(what: string, groups: readonly { commands: readonly { name: string; right: Right }[] }[]): Right {
  const right = rights.find((one) => one === what) ?? groups.flatMap(({ commands }) => commands).find(({ name }) => name === what)?.right
  if (right !== undefined) return right
  throw new UserError('no-such-right', `${JSON.stringify(what.slice(0, 60))} is neither a right nor a command`, { hint: rights.join(', ') })
}

const set = command({
  name: 'access:set',
  summary: 'set or clear what holds for all users',
  description: 'default-role: what a user with a new key is everywhere: viewer, deployer, admin or none; admin unless set.',
  args: {
    setting: param<string>({ summary: 'default-role', label: 'setting', parse: parseSetting, complete: () => ['default-role'] }),
    value: optional(
      param<Role | 'none'>({ summary: 'a role, or none', label: 'role', parse: parseDefault, complete: () => [...roles, 'none'] }),
    ),
  },
  examples: ['access:set default-role deployer', 'access:set default-role'],
  right: 'admin',

  async run({ args, context }) {
    setRoleOfNewUsers(context.instance.db, args.value)
    context.output.step(args.value === undefined ? 'Unsetting default-role' : `Setting default-role to ${args.value}`)
  },
})

function parseSetting(text: string): string {
  if (text === 'default-role') return text
  throw new UserError('no-such-setting', `access has no setting ${JSON.stringify(text.slice(0, 40))}`, { hint: 'default-role' })
}

function parseDefault(text: string): Role | 'none' {
  return text === 'none' ? text : parseRole(text)
}

const report = command({
  name: 'access:report',
  summary: 'show what holds for all users',
  flags: { format },
  examples: ['access:report', 'access:report --format json'],
  right: 'admin',
  reads: () => true,

  async run({ flags, context }) {
    const { db } = context.instance
    const all = { 'default-role': roleOfNewUsers(db), users: listUsers(db).length }
    if (flags.format === 'json') return context.output.line(JSON.stringify(all))
    if (!context.quiet) context.output.result('access information')
    context.output.detail(`${'Access default role:'.padEnd(31)}${all['default-role']}`)
    context.output.detail(`${'Access users:'.padEnd(31)}${all.users}`)
  },
})

function at(one: { name: string } | undefined): string {
  return one === undefined ? 'everywhere' : `at ${one.name}`
}

export default group('access', 'Decide who may do what', [grantRole, revokeRole, list, check, set, report])
