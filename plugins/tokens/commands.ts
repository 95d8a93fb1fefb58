import {
  app,
  authorize,
  command,
  createToken,
  format,
  group,
  hasExpired,
  listTokens,
  may,
  option,
  optional,
  ownerOf,
  param,
  parseExpiry,
  parseRole,
  revokeToken,
  roles,
  word,
} from 'dokku'

const create = command({
  name: 'tokens:create',
  summary: 'make a token, the password of git over HTTP, and print it once',
  description:
    'A token may what its user may, at any time: less with --role, only at one app with --app, only for a while with --expires. The user name beside it is free.',
  args: { name: word('what it is called', 'name'), app: optional(app()) },
  flags: {
    role: option('ROLE', 'the most it may: viewer, deployer or admin', parseRole, { complete: () => roles }),
    expires: option('TIME', 'how long it holds: 12h, 90d, 4w, 1y; for ever unless given', parseExpiry, { complete: () => ['90d', '1y'] }),
  },
  examples: ['tokens:create laptop', 'tokens:create ci --app node-js-app --role deployer --expires 90d'],
  right: 'none',
  reads: () => false,

  async run({ args, flags, context }) {
    const { identity, instance, output } = context
    if (args.app !== undefined) authorize(identity, 'deploy', 'make a token', args.app)
    const token = createToken(instance.db, args.name, {
      user: ownerOf(identity),
      role: flags.role,
      app: args.app,
      expiresAt: flags.expires,
    })
    if (!context.quiet) output.warn('It is shown this once: only a hash of it is kept')
    output.line(token)
  },
})

const list = command({
  name: 'tokens:list',
  summary: 'list your tokens; for an admin, those of everybody',
  flags: { format },
  examples: ['tokens:list', 'tokens:list --format json'],
  right: 'none',

  async run({ flags, context }) {
    const { identity, instance } = context
    const tokens = listTokens(instance.db, may(identity, 'admin') ? undefined : identity.name).map((token) => ({
      name: token.name,
      user: token.user ?? 'admin',
      app: token.app,
      role: token.role,
      'created-at': token.createdAt,
      'expires-at': token.expiresAt,
      expired: hasExpired(token),
    }))
    if (flags.format === 'json') return context.output.line(JSON.stringify(tokens))
    const row = (...words: string[]) =>
      context.output.line(
        words
          .map((one) => one.padEnd(16))
          .join(' ')
          .trimEnd(),
      )
    if (!context.quiet) row('NAME', 'USER', 'APP', 'ROLE', 'EXPIRES')
    for (const one of tokens)
      row(
        one.name,
        one.user,
        one.app ?? '*',
        one.role ?? 'as the user',
        one.expired ? 'expired' : (one['expires-at'] ?? 'never').slice(0, 16),
      )
  },
})

const revoke = command({
  name: 'tokens:revoke',
  summary: 'take a token away, at once, also in the middle of a push',
  args: {
    name: param<string>({
      summary: 'what it is called',
      label: 'name',
      parse: String,
      complete: (_prefix, { instance, identity }) =>
        listTokens(instance.db, may(identity, 'admin') ? undefined : identity.name).map(({ name }) => name),
    }),
  },
  examples: ['tokens:revoke ci'],
  right: 'none',
  reads: () => false,

  async run({ args, context }) {
    const { identity, instance } = context
    revokeToken(instance.db, args.name, may(identity, 'admin') ? undefined : identity.name)
    context.output.step(`The token ${args.name} is taken away`)
  },
})

export default group('tokens', 'Manage the passwords of git over HTTP', [create, list, revoke])
