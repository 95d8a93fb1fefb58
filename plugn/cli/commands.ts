import type { Command } from './command.ts'

const plugins = () => import('./plugins.ts')
const install = () => import('./install.ts')
const trigger = () => import('./trigger.ts')
const select = () => import('./select.ts')
const pipe = () => import('./pipe.ts')
const config = () => import('./config.ts')
const template = () => import('./new.ts')
const info = () => import('./info.ts')
const indexes = () => import('./indexes.ts')

/** Every command, in the order in which the README explains them; what does it is loaded when it runs. */
export const commands: readonly Command[] = [
  of('init', '', 'make an empty plugin path', async () => (await plugins()).init),
  of('list', '', 'list the plugins that are there, with version and description', async () => (await plugins()).list),
  of('enable', '<plugin>', 'enable a plugin: its hooks run from now on', async () => (await plugins()).enable),
  of('disable', '<plugin>', 'disable a plugin, which stays where it is', async () => (await plugins()).disable),
  of(
    'install',
    '<url> [<name>] [--committish <name>] [--digest <digest>]',
    'install a plugin from a git repository, an archive or a folder',
    async () => (await install()).install,
  ),
  of('uninstall', '<plugin>', 'disable a plugin and remove it; its settings stay', async () => (await install()).uninstall),
  of(
    'update',
    '<plugin> [<branch, tag or commit>], or --all',
    'fetch a plugin again, or another version of it',
    async () => (await install()).update,
  ),
  of('source', '', 'print the commands that source what enabled plugins offer to a shell', async () => (await plugins()).source),
  of('trigger', '[--pipe] <hook> [<arg>...]', 'call a hook of all enabled plugins, until one fails', async () => (await trigger()).trigger),
  of('detect', '<hook> [<arg>...]', 'print the enabled plugins that say the hook is for them', async () => (await select()).detect),
  of('select', '<hook> [<arg>...]', 'call a hook of the first enabled plugin that says it is for it', async () => (await select()).select),
  of(
    'driver',
    '[--use <plugin>] <hook> [<arg>...]',
    'call a hook of the one plugin that is set for it',
    async () => (await select()).driver,
  ),
  of(
    'pluginhook',
    '[-p] [-x] <hook> [<arg>...]',
    'what the name pluginhook does: a hook as a pipe through all folders of the path',
    async () => (await pipe()).pluginhook,
  ),
  of('config get', '<plugin> <key>', 'print a setting of a plugin', async () => (await config()).get),
  of('config set', '<plugin> <key> [<value> | --stdin]', 'store a setting of a plugin', async () => (await config()).set),
  of('config unset', '<plugin> <key>', 'remove a setting of a plugin', async () => (await config()).unset),
  of('config export', '<plugin>', 'print the settings of a plugin as commands of a shell', async () => (await config()).exportConfig),
  of('config list', '<plugin>', 'list the settings that a plugin has, and what they mean', async () => (await config()).list),
  of('new', '<name> [--lang bash|ts|python|go]', 'write a new plugin, with a test', async () => (await template()).create),
  of('info', '<plugin>', 'show what is known of an installed plugin, and where it came from', async () => (await info()).info),
  of('search', '[<word>...]', 'list the plugins of the indexes in which every word stands', async () => (await info()).find),
  of('validate', '<folder>', 'look through a plugin for what is wrong with it', async () => (await info()).validate),
  of('index list', '', 'list the indexes in which plugins are looked up', async () => (await indexes()).list),
  of('index add', '<name> <url> <key>', 'look up plugins in an index that is signed with this key', async () => (await indexes()).add),
  of('index remove', '<name>', 'look up nothing in an index any more', async () => (await indexes()).remove),
  of('index key', '<file>', 'make the key that signs an index', async () => (await indexes()).key),
  of(
    'index build',
    '--key <file> <folder>...',
    'make the file of an index from the repositories of plugins',
    async () => (await indexes()).build,
  ),
  of(
    'index check',
    '--key <public key> <file>',
    'install and enable every plugin of an index, to see whether that works',
    async () => (await indexes()).check,
  ),
]

function of(name: string, args: string, summary: string, load: () => Promise<Command['run']>): Command {
  return { name, args, summary, run: async (words, context) => (await load())(words, context) }
}
