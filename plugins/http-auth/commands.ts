import {
  type App,
  app,
  changeFront,
  command,
  group,
  keptFront,
  ofApp,
  optional,
  passwordHash,
  readInput,
  reportCommand,
  UserError,
  word,
} from 'dokku'

const password = () => optional({ ...word('the password; from standard input, unless given', 'password'), secret: 'whole' as const })
const users = ofApp((one) => keptFront(one, 'http-auth').users.map(({ name }) => name))
const address = () => word('an IP address, or a network such as 10.0.0.0/8', 'address')

const enable = command({
  name: 'http-auth:enable',
  summary: 'ask for a name and a password before an app answers',
  description: 'Without a user, those that were added count; where there are none, nobody gets in.',
  args: { app: app(), user: optional(word('who may come in', 'user')), password: password() },
  examples: ['http-auth:enable node-js-app', 'http-auth:enable node-js-app alice s3cret'],
  right: 'deploy',

  async run({ args, context }) {
    const { name } = args.app
    context.output.step(`Enabling HTTP auth for ${name}`)
    const added = args.user === undefined ? [] : [{ name: args.user, hash: await passwordHash(args.password ?? (await typed(context))) }]
    const { after } = await changeFront(args.app, context, 'http-auth', (before) => ({ ...withUsers(before, added), enabled: true }))
    if (after.users.length === 0) context.output.warn(`Nobody gets in before there is a user: http-auth:add-user ${name} USER PASSWORD`)
    context.output.detail('done')
  },
})

const disable = command({
  name: 'http-auth:disable',
  summary: 'let everybody in again; users and addresses are kept',
  args: { app: app() },
  examples: ['http-auth:disable node-js-app'],
  right: 'deploy',

  async run({ args, context }) {
    context.output.step(`Disabling HTTP auth for ${args.app.name}`)
    await changeFront(args.app, context, 'http-auth', (before) => ({ ...before, enabled: false }))
    context.output.detail('done')
  },
})

const addUser = command({
  name: 'http-auth:add-user',
  summary: 'let a user in with a password; one that is there gets the new password',
  args: { app: app(), user: word('who may come in', 'user'), password: password() },
  examples: ['http-auth:add-user node-js-app alice s3cret'],
  right: 'deploy',

  async run({ args, context }) {
    context.output.step(`Adding ${args.user} to basic auth list`)
    const added = { name: args.user, hash: await passwordHash(args.password ?? (await typed(context))) }
    const { after } = await changeFront(args.app, context, 'http-auth', (before) => withUsers(before, [added]))
    if (!after.enabled) context.output.warn(`Nobody is asked for a password yet: http-auth:enable ${args.app.name}`)
  },
})

const removeUser = command({
  name: 'http-auth:remove-user',
  summary: 'let a user in no more',
  args: { app: app(), user: { ...word('who came in', 'user'), complete: users } },
  examples: ['http-auth:remove-user node-js-app alice'],
  right: 'deploy',

  async run({ args, context }) {
    context.output.step(`Removing ${args.user} from basic auth list`)
    const without = (before: Auth) => ({ ...before, users: before.users.filter(({ name }) => name !== args.user) })
    const { before, after } = await changeFront(args.app, context, 'http-auth', without)
    if (before.users.length === after.users.length) context.output.warn(`${args.app.name} has no user ${args.user}`)
  },
})

const addAllowedIp = command({
  name: 'http-auth:add-allowed-ip',
  summary: 'ask nobody for a password who comes from an address',
  args: { app: app(), address: address() },
  examples: ['http-auth:add-allowed-ip node-js-app 192.0.2.7', 'http-auth:add-allowed-ip node-js-app 10.0.0.0/8'],
  right: 'deploy',

  async run({ args, context }) {
    context.output.step(`Adding ${args.address} to allowed ip list`)
    const allow = (before: Auth) => ({ ...before, allowed: [...new Set([...before.allowed, args.address])] })
    await changeFront(args.app, context, 'http-auth', allow)
  },
})

const removeAllowedIp = command({
  name: 'http-auth:remove-allowed-ip',
  summary: 'ask whoever comes from an address again',
  args: { app: app(), address: { ...address(), complete: ofApp((one) => keptFront(one, 'http-auth').allowed) } },
  examples: ['http-auth:remove-allowed-ip node-js-app 192.0.2.7'],
  right: 'deploy',

  async run({ args, context }) {
    context.output.step(`Removing ${args.address} from allowed ip list`)
    const without = (before: Auth) => ({ ...before, allowed: before.allowed.filter((one) => one !== args.address) })
    const { before, after } = await changeFront(args.app, context, 'http-auth', without)
    if (before.allowed.length === after.allowed.length) context.output.warn(`${args.address} was not allowed`)
  },
})

const report = command(
  reportCommand('http-auth', {
    'http-auth-enabled': (one: App) => String(keptFront(one, 'http-auth').enabled),
    'http-auth-allowed-ips': (one: App) => keptFront(one, 'http-auth').allowed.join(' '),
    'http-auth-users': (one: App) =>
      keptFront(one, 'http-auth')
        .users.map(({ name }) => name)
        .join(' '),
  }),
)

type Auth = ReturnType<typeof keptFront<'http-auth'>>

function withUsers(auth: Auth, added: Auth['users']): Auth {
  return { ...auth, users: [...auth.users.filter(({ name }) => !added.some((one) => one.name === name)), ...added] }
}

/** A password that was not typed as a word, where others could see it. */
async function typed(context: Parameters<typeof readInput>[0]): Promise<string> {
  const password = (await readInput(context, 300)).replace(/\r?\n$/, '')
  if (password === '') throw new UserError('missing-value', 'there is no password', { hint: 'as the last word, or on standard input' })
  return password
}

export default group('http-auth', 'Ask for a password before an app answers', [
  enable,
  disable,
  addUser,
  removeUser,
  addAllowedIp,
  removeAllowedIp,
  report,
])
