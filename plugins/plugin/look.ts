import { command, format, optional, plain, rest, UserError, word } from 'dokku'
import { addIndex, readIndexes, removeIndex, search, validatePlugin } from '#plugn'
import { plugin } from './argument.ts'

export const searching = command({
  name: 'plugin:search',
  summary: 'find plugins in the indexes',
  description: 'Every word must stand in the name or the description. plugin:index says which indexes are asked.',
  args: { words: optional(rest('WORD')) },
  flags: { format },
  examples: ['plugin:search', 'plugin:search redis'],
  right: 'deploy',
  reads: () => true,

  async run({ args, flags, context }) {
    const { instance, output } = context
    const found = await search(instance.plugins.store, args.words, { warn: output.warn })
    if (flags.format === 'json') return void output.line(JSON.stringify(found))
    for (const { name, version, index, installed, description } of found)
      output.line(
        plain(`  ${name.padEnd(20)} ${version.padEnd(8)} ${index.padEnd(10)} ${installed ? 'installed' : ''.padEnd(9)} ${description}`),
      )
    if (found.length === 0) output.warn('No index lists such a plugin')
  },
})

export const validating = command({
  name: 'plugin:validate',
  summary: 'look an installed plugin through, without running anything of it',
  args: { name: plugin(() => true) },
  flags: { format },
  examples: ['plugin:validate redis'],
  right: 'deploy',
  reads: () => true,

  async run({ args, flags, context }) {
    const findings = await validatePlugin(await context.instance.plugins.store.find(args.name), { name: args.name })
    if (flags.format === 'json') context.output.line(JSON.stringify(findings))
    else for (const { level, where, message } of findings) context.output.line(plain(`${level}: ${where}: ${message}`))
    return findings.some(({ level }) => level === 'error') ? 1 : 0
  },
})

export const indexing = command({
  name: 'plugin:index',
  summary: 'list, add or remove indexes of plugins',
  description: 'An index is a signed file that lists plugins. Its key is pinned when it is added: one signed with another key is refused.',
  args: {
    verb: optional(word('list, add or remove', 'verb')),
    name: optional(word('its name', 'name')),
    url: optional(word('where it is', 'url')),
    key: optional(word('the public key that signs it', 'key')),
  },
  examples: [
    'plugin:index',
    'plugin:index add main https://plugins.example.com/index.json wKzXSfhBcVdeBkQ5dVfJLm8oQyfKEZ1bFd6lpV8V8Xo=',
    'plugin:index remove main',
  ],
  right: 'admin',
  reads: ({ args }) => (args.verb ?? 'list') === 'list',

  async run({ args: { verb = 'list', name, url, key }, context }) {
    const { output, instance } = context
    const { store } = instance.plugins
    if (verb === 'list' && name === undefined) {
      for (const [one, index] of Object.entries(await readIndexes(store))) output.line(`${one} ${index.url} ${index.key}`)
    } else if (verb === 'add' && name !== undefined && url !== undefined && key !== undefined) {
      if (!/^https?:\/\//.test(url)) throw new UserError('bad-source', 'an index is added by its http address')
      await addIndex(store, name, { url, key }, { cwd: store.root, warn: output.warn })
      output.step(`Index ${name} added`)
    } else if (verb === 'remove' && name !== undefined && url === undefined) {
      if (!(await removeIndex(store, name))) throw new UserError('no-such-index', `there is no index ${name}`, { hint: 'plugin:index' })
      output.step(`Index ${name} removed`)
    } else
      throw new UserError('missing-argument', 'that is no use of plugin:index', { hint: 'plugin:index [add NAME URL KEY | remove NAME]' })
  },
})
