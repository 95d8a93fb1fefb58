import { text } from 'node:stream/consumers'
import {
  addKey,
  type Context,
  command,
  format,
  group,
  listKeys,
  listUsers,
  option,
  param,
  parseRole,
  publishKeys,
  roleOf,
  roles,
  shutOut,
  UserError,
  unless,
  word,
} from 'dokku'

const add = command({
  name: 'ssh-keys:add',
  summary: 'let a public key in, read from standard input',
  description:
    'A new name is a new user, with a role everywhere: the first of all is an admin, and so is each after it until access:set default-role says otherwise.',
  args: { name: word('what the key is called: its user, unless --user says whose it is', 'name') },
  flags: {
    user: option('USER', 'whose key it is', String, { complete: (_prefix, { instance }: Context) => listUsers(instance.db) }),
    role: option('ROLE', 'what a new user is everywhere: viewer, deployer or admin', parseRole, { complete: () => roles }),
  },
  examples: ['ssh-keys:add alice', 'ssh-keys:add bob --role deployer', 'ssh-keys:add alice-laptop --user alice'],
  right: 'admin',
  next: ({ context: { instance } }) => `It is let in now: ssh -p ${instance.settings.sshPort} dokku@${instance.settings.hostname} help`,

  async run({ args, flags, context }) {
    const { db } = context.instance
    const news = !listUsers(db).includes(flags.user ?? args.name)
    const key = addKey(db, args.name, await text(context.session.stdin), flags)
    await publishKeys(db)
    context.output.line(key.fingerprint)
    const role = roleOf(db, key.user)
    // Nobody asks what the first one is.
    if (!news || flags.role !== undefined || context.quiet || listKeys(db).length === 1) return
    context.output.warn(
      role === undefined
        ? `${key.user} may do nothing yet: access:grant ${key.user} deployer APP`
        : `${key.user} is ${article(role)} everywhere; access:grant ${key.user} ROLE changes that, access:set default-role ROLE what the next ones are`,
    )
  },
})

function article(role: string): string {
  return `${/^[aeiou]/.test(role) ? 'an' : 'a'} ${role}`
}

const remove = command({
  name: 'ssh-keys:remove',
  summary: 'shut a key out, and with the last one its user with tokens and roles',
  args: {
    name: unless(
      'fingerprint',
      param<string>({ summary: 'what the key is called', label: 'name', parse: String, complete: known('name') }),
    ),
  },
  flags: { fingerprint: option('FINGERPRINT', 'the key with this fingerprint', String, { complete: known('fingerprint') }) },
  examples: ['ssh-keys:remove alice', 'ssh-keys:remove --fingerprint SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU'],
  right: 'admin',

  async run({ args, flags, context }) {
    const { db } = context.instance
    const name = args.name ?? listKeys(db).find(({ fingerprint }) => fingerprint === flags.fingerprint)?.name
    if (name === undefined) throw new UserError('no-such-key', `There is no key ${flags.fingerprint}`, { hint: 'ssh-keys:list' })
    const { key, userToo } = shutOut(db, name)
    await publishKeys(db)
    if (userToo && !context.quiet) context.output.step(`That was the last key of ${key.user}, whose tokens and roles went with it`)
  },
})

function known(what: 'name' | 'fingerprint') {
  return (_prefix: string, { instance }: Context) => listKeys(instance.db).map((key) => key[what])
}

const list = command({
  name: 'ssh-keys:list',
  summary: 'list the keys that are let in',
  flags: { format },
  examples: ['ssh-keys:list', 'ssh-keys:list --format json'],
  right: 'admin',
  reads: () => true,

  async run({ flags, context }) {
    const { db } = context.instance
    const keys = listKeys(db).map((key) => ({ ...key, role: roleOf(db, key.user) }))
    if (flags.format === 'json')
      return context.output.line(
        JSON.stringify(
          keys.map(({ name, user, fingerprint, role, publicKey }) => ({
            fingerprint,
            name,
            user,
            role: role ?? null,
            'public-key': publicKey,
          })),
        ),
      )
    if (keys.length === 0) throw new UserError('no-keys', 'No public keys found', { hint: 'ssh-keys:add NAME < key.pub' })
    for (const { name, user, fingerprint, role } of keys)
      context.output.line(`${fingerprint} NAME="${name}" USER="${user}" ROLE="${role ?? ''}"`)
  },
})

export default group('ssh-keys', 'Manage the SSH keys that are let in', [add, remove, list])
