import {
  type Context,
  checkNetworkName,
  command,
  confirm,
  createAttachable,
  destroyAttachable,
  findAttachable,
  format,
  listAttachable,
  param,
  UserError,
  word,
} from 'dokku'

const network = param<string>({
  summary: 'a network',
  label: 'network',
  parse: String,
  complete: async (_prefix, { instance }: Context) => (await listAttachable(instance)).map(({ name }) => name),
})

const create = command({
  name: 'network:create',
  summary: 'make a network on which apps reach each other',
  args: { network: word('its name', 'network') },
  examples: ['network:create backend'],
  right: 'admin',

  async run({ args, context: { instance, output } }) {
    await createAttachable(instance, checkNetworkName(instance, args.network))
    output.step(`Created the network ${args.network}: network:set APP attach-post-create ${args.network} puts an app on it`)
  },
})

const destroy = command({
  name: 'network:destroy',
  summary: 'remove a network',
  args: { network },
  examples: ['network:destroy backend', '--force network:destroy backend'],
  right: 'admin',

  async run({ args, context }) {
    await findAttachable(context.instance, args.network)
    await confirm(context, args.network, `destroy the network ${args.network}`)
    await destroyAttachable(context.instance, args.network)
    context.output.step(`Destroyed the network ${args.network}`)
  },
})

const list = command({
  name: 'network:list',
  summary: 'list the networks that apps may be attached to',
  args: {},
  flags: { format },
  examples: ['network:list', 'network:list --format json'],
  right: 'view',
  reads: () => true,

  async run({ flags, context: { instance, output, quiet } }) {
    const found = await listAttachable(instance)
    if (flags.format === 'json') return output.line(JSON.stringify(found))
    if (!quiet) output.result('Networks')
    for (const { name } of found) output.line(name)
  },
})

const exists = command({
  name: 'network:exists',
  summary: 'is there a network of this name? Says so, and by the exit status',
  args: { network },
  examples: ['network:exists backend'],
  right: 'view',
  reads: () => true,

  async run({ args, context: { instance, output } }) {
    await findAttachable(instance, args.network).catch(() => {
      throw new UserError('no-such-network', 'Network does not exist', { hint: `network:create ${args.network}` })
    })
    output.line('Network exists')
  },
})

const info = command({
  name: 'network:info',
  summary: 'show a network',
  args: { network },
  flags: { format },
  examples: ['network:info backend', 'network:info backend --format json'],
  right: 'view',
  reads: () => true,

  async run({ args, flags, context: { instance, output } }) {
    const found = await findAttachable(instance, args.network)
    if (flags.format === 'json') return output.line(JSON.stringify(found))
    output.result(`${found.name} network information`)
    for (const [key, value] of Object.entries(found)) output.detail(`${`${key}:`.padEnd(12)}${value}`)
  },
})

/** Networks themselves. */
export const networks = [create, destroy, list, exists, info]
