import { type Context, command, format, group, optional, param, rest, UserError, word } from 'dokku'
import { checkPluginName } from '#plugn'
import { rows, rowText } from './list.ts'

const plugin = (wanted: (row: { enabled: boolean }) => boolean) =>
  param<string>({
    summary: 'an installed plugin',
    label: 'name',
    parse: checkPluginName,
    complete: async (_prefix, context: Context) => (await rows(context)).filter((row) => !row.core && wanted(row)).map(({ name }) => name),
  })

const list = command({
  name: 'plugin:list',
  summary: 'list all plugins: those of the image and the installed ones',
  flags: { format },
  examples: ['plugin:list', 'plugin:list --format json'],
  right: 'deploy',
  reads: () => true,

  async run({ flags, context }) {
    const all = await rows(context)
    if (flags.format === 'json') return context.output.line(JSON.stringify(all))
    for (const row of all) context.output.line(rowText(row))
  },
})

const installed = command({
  name: 'plugin:installed',
  summary: 'say by the exit status whether a plugin is installed',
  args: { name: word('a plugin', 'name') },
  examples: ['plugin:installed postgres'],
  right: 'deploy',
  reads: () => true,

  async run({ args, context }) {
    return (await rows(context)).some(({ name }) => name === args.name) ? 0 : 1
  },
})

const enable = command({
  name: 'plugin:enable',
  summary: 'enable an installed plugin: its commands and hooks are used from now on',
  args: { name: plugin(({ enabled }) => !enabled) },
  examples: ['plugin:enable postgres'],
  right: 'admin',

  async run({ args, context }) {
    const { store, reload } = context.instance.plugins
    await store.find(args.name)
    await store.enable(args.name)
    await reload()
    context.output.step(`Plugin ${args.name} enabled`)
  },
})

const disable = command({
  name: 'plugin:disable',
  summary: 'disable a plugin: it stays installed and is not used',
  args: { name: plugin(({ enabled }) => enabled) },
  examples: ['plugin:disable postgres'],
  right: 'admin',

  async run({ args, context }) {
    const { store, reload, own } = context.instance.plugins
    if (own().some(({ name }) => name === args.name))
      throw new UserError('core-plugin', `${args.name} is part of the image, and always enabled`)
    await store.disable(args.name)
    await reload()
    context.output.step(`Plugin ${args.name} disabled`)
  },
})

const trigger = command({
  name: 'plugin:trigger',
  summary: 'call a hook of all enabled plugins, as dokku itself does',
  description: 'Arguments go to each plugin as they are; the first that fails ends it, with its exit status.',
  args: { hook: word('the hook', 'hook'), words: optional(rest('ARG')) },
  passthrough: true,
  examples: ['plugin:trigger post-deploy node-js-app 5000 10.0.0.2 v3'],
  right: 'admin',

  async run({ args, context }) {
    const { stdin, stdout, stderr, closed } = context.session
    return await context.instance.plugins.trigger(args.hook, args.words, { stdin, stdout, stderr, signal: closed })
  },
})

export default group('plugin', 'Manage plugins', [list, installed, enable, disable, trigger])
