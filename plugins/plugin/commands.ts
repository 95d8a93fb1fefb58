import { boolean, command, format, group, hookNames, option, optional, ownArgs, param, plain, rest, UserError, unless, word } from 'dokku'
import { checkEnable, parseManifest, readManifest, readPins, shownPin } from '#plugn'
import { plugin } from './argument.ts'
import { fitting, install, installDependencies, uninstall, update } from './install.ts'
import { rows, rowText } from './list.ts'
import { indexing, searching, validating } from './look.ts'
import { rightsOf } from './rights.ts'
import { setting } from './setting.ts'

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
    await checkEnable(store, args.name, fitting(context))
    await store.enable(args.name)
    await reload()
    await context.instance.cron.reload()
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
    await context.instance.cron.reload()
    context.output.step(`Plugin ${args.name} disabled`)
  },
})

const trigger = command({
  name: 'plugin:trigger',
  summary: 'call a hook of all enabled plugins, as dokku itself does',
  description: 'Arguments go to each plugin as they are; the first that fails ends it, with its exit status.',
  args: { hook: param({ summary: 'the hook', label: 'hook', parse: String, complete: () => hookNames }), words: optional(rest('ARG')) },
  passthrough: true,
  examples: ['plugin:trigger post-deploy node-js-app 5000 10.0.0.2 v3'],
  right: 'admin',

  async run({ args, context }) {
    const { stdin, stdout, stderr, closed } = context.session
    const own = ownArgs(context.instance, args.hook, args.words)
    if (own !== undefined) context.output.line(own)
    return await context.instance.plugins.trigger(args.hook, args.words, { stdin, stdout, stderr, signal: closed })
  },
})

const wishes = {
  committish: option('COMMITTISH', 'a branch, tag or commit of a git repository'),
  digest: option('DIGEST', 'what it must be: sha256:... as plugin:info shows it'),
  yes: boolean('it may do what it asks for', { short: 'y' }),
  replace: boolean('it may bring commands of groups that dokku has'),
}

const installing = command({
  name: 'plugin:install',
  summary: 'install a plugin from a git repository, a .tar.gz or a folder, and enable it',
  description: 'What it may do is shown first. It is fetched, checked and prepared; if anything of that fails, it is not there.',
  args: { source: word('its address', 'source'), as: optional(word('its name here', 'name')) },
  flags: { ...wishes, name: option('NAME', 'its name here') },
  examples: [
    'plugin:install https://github.com/dokku/dokku-redis.git redis',
    'plugin:install https://example.com/greet.git --committish v1.2 --yes',
  ],
  right: 'admin',

  async run({ args, flags, context }) {
    await install(args.source, { ...flags, name: flags.name ?? args.as }, context)
  },
})

const updating = command({
  name: 'plugin:update',
  summary: 'fetch a plugin again, or all of them',
  args: {
    name: unless(
      'all',
      plugin(() => true),
    ),
    committish: optional(word('another branch, tag or commit', 'committish')),
  },
  flags: { ...wishes, all: boolean('every installed plugin') },
  examples: ['plugin:update redis', 'plugin:update redis 1.43.0', 'plugin:update --all'],
  right: 'admin',

  async run({ args, flags, context }) {
    const all = (await rows(context)).filter(({ core }) => !core).map(({ name }) => name)
    for (const name of args.name === undefined ? all : [args.name])
      await update(name, { ...flags, committish: flags.committish ?? args.committish }, context)
  },
})

const dependencies = command({
  name: 'plugin:install-dependencies',
  summary: 'have every enabled plugin see to what it needs, as at its installation',
  examples: ['plugin:install-dependencies'],
  right: 'admin',
  run: ({ context }) => installDependencies(context),
})

const uninstalling = command({
  name: 'plugin:uninstall',
  summary: 'remove an installed plugin; its settings stay',
  args: { name: plugin(() => true) },
  examples: ['plugin:uninstall redis'],
  right: 'admin',

  async run({ args, context }) {
    await uninstall(args.name, context)
    context.output.step(`Plugin ${args.name} uninstalled`)
  },
})

const info = command({
  name: 'plugin:info',
  summary: 'show what a plugin says about itself, where it came from, and what it may do',
  args: { name: plugin(() => true) },
  flags: { format },
  examples: ['plugin:info redis', 'plugin:info redis --format json'],
  right: 'deploy',
  reads: () => true,

  async run({ args, flags, context }) {
    const { store } = context.instance.plugins
    const manifest = (await readManifest(await store.find(args.name))) ?? parseManifest('')
    const stored = (await readPins(store))[args.name]
    const pin = stored && shownPin(stored)
    const hooks = await context.instance.plugins.hooksOf(args.name)
    if (flags.format === 'json')
      return context.output.line(JSON.stringify({ name: args.name, manifest, pin, hooks, may: rightsOf(manifest) }))
    const { version, description, maintainer_name: maintainer, website_url: website } = manifest
    const lines = {
      version,
      description,
      maintainer,
      website,
      source: pin?.source,
      committish: pin?.committish,
      commit: pin?.commit,
      digest: pin?.digest,
      hooks: hooks.join(', '),
    }
    context.output.result(args.name)
    for (const [key, value] of Object.entries(lines)) if (value) context.output.line(plain(`${`${key}:`.padEnd(13)}${value}`))
    for (const right of rightsOf(manifest)) context.output.line(`may:         ${right}`)
  },
})

export default group('plugin', 'Manage plugins', [
  ...[installing, updating, dependencies, uninstalling, list, info, installed, enable, disable],
  ...[searching, validating, setting, indexing, trigger],
])
