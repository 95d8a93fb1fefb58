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
]
