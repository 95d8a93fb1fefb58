import {
  allowedHosts,
  boolean,
  command,
  credentialsFor,
  deployKey,
  makeDeployKey,
  optional,
  param,
  parseAllowed,
  parseGitHost,
  readInput,
  storeAllowedHosts,
  storeCredentials,
  trustHost,
  UserError,
  word,
} from 'dokku'

const host = (summary: string) => param({ summary, label: 'host', parse: parseGitHost })

const auth = command({
  name: 'git:auth',
  summary: 'fetch from a host over HTTP with a name and a password; without them, no more',
  description:
    'With a name alone, the password is read from standard input. Whoever may use git:sync fetches with it, and nobody can read it.',
  args: {
    host: host('the host of repositories'),
    user: optional(word('the user name', 'username')),
    password: optional({ ...word('a password or token', 'password'), secret: 'whole' as const }),
  },
  examples: ['git:auth github.com my-user my-personal-access-token', 'git:auth github.com my-user', 'git:auth github.com'],
  right: 'admin',

  async run({ args, context }) {
    const { db } = context.instance
    const { host } = args.host
    if (args.user === undefined) {
      storeCredentials(db, host, undefined)
      return context.output.step(`Nothing is shown to ${host} any more`)
    }
    const password = args.password ?? (await readInput(context, 4096)).replace(/\r?\n$/, '')
    if (/\p{Cc}/u.test(args.user + password) || args.user.includes(':'))
      throw new UserError('bad-credentials', 'A name holds no colon, and neither it nor a password a control character')
    storeCredentials(db, host, { user: args.user, password })
    context.output.step(`${host} is shown the name ${args.user} and its password`)
  },
})

const authStatus = command({
  name: 'git:auth-status',
  summary: 'say whether there is a name and password for a host; the exit status is 1 when not',
  args: { host: host('the host of repositories') },
  examples: ['git:auth-status github.com'],
  right: 'admin',
  reads: () => true,

  async run({ args, context }) {
    const found = credentialsFor(context.instance.db, args.host.host)
    context.output.line(found === undefined ? `no credentials for ${args.host.host}` : `${args.host.host} as ${found.user}`)
    return found === undefined ? 1 : 0
  },
})

const allowHost = command({
  name: 'git:allow-host',
  summary: 'trust the ssh keys that a host shows now, and print their fingerprints',
  description: 'Compare them with those that the host publishes: from now on, another key is refused.',
  args: { host: host('the host, with :PORT where it is not 22') },
  examples: ['git:allow-host github.com', 'git:allow-host git.example.com:2222'],
  right: 'admin',

  async run({ args, context }) {
    for (const line of await trustHost(args.host.host, args.host.port)) context.output.line(line)
  },
})

const allowPrivate = command({
  name: 'git:allow-private',
  summary: 'let sources be fetched from a host or range of addresses in a private network; alone, list those',
  args: { host: optional(param({ summary: 'a host, an address or a range', label: 'host', parse: parseAllowed })) },
  flags: { remove: boolean('refuse it again') },
  examples: ['git:allow-private git.lan', 'git:allow-private 10.1.0.0/16', 'git:allow-private git.lan --remove', 'git:allow-private'],
  right: 'admin',
  reads: ({ args }) => args.host === undefined,

  async run({ args, flags, context }) {
    const { db } = context.instance
    const allowed = allowedHosts(db)
    if (args.host === undefined) for (const one of allowed) context.output.line(one)
    else storeAllowedHosts(db, flags.remove ? allowed.filter((one) => one !== args.host) : [...allowed, args.host])
  },
})

const publicKey = command({
  name: 'git:public-key',
  summary: 'print the key that lets this instance into repositories over ssh',
  examples: ['git:public-key'],
  right: 'deploy',
  reads: () => true,

  async run({ context }) {
    context.output.line(await deployKey())
  },
})

const generate = command({
  name: 'git:generate-deploy-key',
  summary: 'make the key that lets this instance into repositories over ssh',
  examples: ['git:generate-deploy-key'],
  right: 'admin',

  async run({ context }) {
    const key = await makeDeployKey(`dokku@${context.instance.settings.hostname}`)
    if (!context.quiet) context.output.warn('Give this key to the repositories that it may read')
    context.output.line(key)
  },
})

export const remotes = [auth, authStatus, allowHost, allowPrivate, publicKey, generate]
