import { text } from 'node:stream/consumers'
import {
  addKey,
  boolean,
  type Context,
  command,
  format,
  group,
  listKeys,
  option,
  param,
  publishKeys,
  removeKey,
  UserError,
  unless,
  word,
} from 'dokku'

const add = command({
  name: 'ssh-keys:add',
  summary: 'let a public key in, read from standard input',
  description: 'Keys added on the host are admins; keys added over SSH are deployers unless --admin.',
  args: { name: word('whose key it is', 'name') },
  flags: { admin: boolean('may also manage keys') },
  examples: ['ssh-keys:add alice', 'ssh-keys:add alice --admin'],
  right: 'admin',

  async run({ args, flags, context }) {
    const role = flags.admin || context.session.header.mode === 'argv' ? 'admin' : 'deployer'
    const key = addKey(context.instance.db, args.name, await text(context.session.stdin), role)
    await publishKeys(context.instance.db)
    context.output.line(key.fingerprint)
  },
})

const remove = command({
  name: 'ssh-keys:remove',
  summary: 'shut a key out',
  args: {
    name: unless('fingerprint', param<string>({ summary: 'whose key it is', label: 'name', parse: String, complete: known('name') })),
  },
  flags: { fingerprint: option('FINGERPRINT', 'the key with this fingerprint', String, { complete: known('fingerprint') }) },
  examples: ['ssh-keys:remove alice', 'ssh-keys:remove --fingerprint SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU'],
  right: 'admin',

  async run({ args, flags, context }) {
    const { db } = context.instance
    const name = args.name ?? listKeys(db).find(({ fingerprint }) => fingerprint === flags.fingerprint)?.name
    if (name === undefined) throw new UserError('no-such-key', `There is no key ${flags.fingerprint}`, { hint: 'ssh-keys:list' })
    removeKey(db, name)
    await publishKeys(db)
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
    const keys = listKeys(context.instance.db)
    if (flags.format === 'json')
      return context.output.line(
        JSON.stringify(keys.map(({ name, fingerprint, role, publicKey }) => ({ fingerprint, name, role, 'public-key': publicKey }))),
      )
    if (keys.length === 0) throw new UserError('no-keys', 'No public keys found', { hint: 'ssh-keys:add NAME < key.pub' })
    for (const { name, fingerprint, role } of keys) context.output.line(`${fingerprint} NAME="${name}" ROLE="${role}"`)
  },
})

export default group('ssh-keys', 'Manage the SSH keys that are let in', [add, remove, list])
