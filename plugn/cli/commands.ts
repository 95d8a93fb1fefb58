import type { Command } from './command.ts'

/** Every command, in the order in which the README explains them. */
export const commands: readonly Command[] = [
  {
    name: 'init',
    args: '',
    summary: 'make an empty plugin path',
    run: async (words, context) => (await import('./plugins.ts')).init(words, context),
  },
  {
    name: 'list',
    args: '',
    summary: 'list the plugins that are there, with version and description',
    run: async (words, context) => (await import('./plugins.ts')).list(words, context),
  },
  {
    name: 'enable',
    args: '<plugin>',
    summary: 'enable a plugin: its hooks run from now on',
    run: async (words, context) => (await import('./plugins.ts')).enable(words, context),
  },
  {
    name: 'disable',
    args: '<plugin>',
    summary: 'disable a plugin, which stays where it is',
    run: async (words, context) => (await import('./plugins.ts')).disable(words, context),
  },
  {
    name: 'install',
    args: '<url> [<name>] [--committish <name>] [--digest <digest>]',
    summary: 'install a plugin from a git repository, an archive or a folder',
    run: async (words, context) => (await import('./install.ts')).install(words, context),
  },
  {
    name: 'uninstall',
    args: '<plugin>',
    summary: 'disable a plugin and remove it; its settings stay',
    run: async (words, context) => (await import('./install.ts')).uninstall(words, context),
  },
  {
    name: 'update',
    args: '<plugin> [<branch, tag or commit>], or --all',
    summary: 'fetch a plugin again, or another version of it',
    run: async (words, context) => (await import('./install.ts')).update(words, context),
  },
  {
    name: 'source',
    args: '',
    summary: 'print the commands that source what enabled plugins offer to a shell',
    run: async (words, context) => (await import('./plugins.ts')).source(words, context),
  },
  {
    name: 'trigger',
    args: '[--pipe] <hook> [<arg>...]',
    summary: 'call a hook of all enabled plugins, until one fails',
    run: async (words, context) => (await import('./trigger.ts')).trigger(words, context),
  },
  {
    name: 'detect',
    args: '<hook> [<arg>...]',
    summary: 'print the enabled plugins that say the hook is for them',
    run: async (words, context) => (await import('./select.ts')).detect(words, context),
  },
  {
    name: 'select',
    args: '<hook> [<arg>...]',
    summary: 'call a hook of the first enabled plugin that says it is for it',
    run: async (words, context) => (await import('./select.ts')).select(words, context),
  },
  {
    name: 'driver',
    args: '[--use <plugin>] <hook> [<arg>...]',
    summary: 'call a hook of the one plugin that is set for it',
    run: async (words, context) => (await import('./select.ts')).driver(words, context),
  },
  {
    name: 'pluginhook',
    args: '[-p] [-x] <hook> [<arg>...]',
    summary: 'what the name pluginhook does: a hook as a pipe through all folders of the path',
    run: async (words, context) => (await import('./pipe.ts')).pluginhook(words, context),
  },
  {
    name: 'config get',
    args: '<plugin> <key>',
    summary: 'print a setting of a plugin',
    run: async (words, context) => (await import('./config.ts')).get(words, context),
  },
  {
    name: 'config set',
    args: '<plugin> <key> [<value> | --stdin]',
    summary: 'store a setting of a plugin',
    run: async (words, context) => (await import('./config.ts')).set(words, context),
  },
  {
    name: 'config unset',
    args: '<plugin> <key>',
    summary: 'remove a setting of a plugin',
    run: async (words, context) => (await import('./config.ts')).unset(words, context),
  },
  {
    name: 'config export',
    args: '<plugin>',
    summary: 'print the settings of a plugin as commands of a shell',
    run: async (words, context) => (await import('./config.ts')).exportConfig(words, context),
  },
  {
    name: 'config list',
    args: '<plugin>',
    summary: 'list the settings that a plugin has, and what they mean',
    run: async (words, context) => (await import('./config.ts')).list(words, context),
  },
  {
    name: 'new',
    args: '<name> [--lang bash|ts|python|go]',
    summary: 'write a new plugin, with a test',
    run: async (words, context) => (await import('./new.ts')).create(words, context),
  },
]
