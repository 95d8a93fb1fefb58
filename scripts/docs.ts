/** Writes the pages that are made: of commands from the commands, of figures from benchmarks.json; `npm run ok` fails when one is stale. */
import { join } from 'node:path'
import { type Command, type Group, usage } from '#lib/command.ts'
import { writeWhole } from '#lib/files.ts'
import { groups } from '../dokku/plugins.ts'
import { figurePages } from './benchmarks/pages.ts'
import { compatText } from './compat/page.ts'
import { hooksText } from './hooks-page.ts'
import { pluginTomlSchema, pluginTomlText } from './plugin-toml.ts'
import { root } from './sources.ts'

/** Where the page is, relative to the root. */
export const commandsPage = 'docs/reference/commands.md'

/** The reference page of all commands. */
export async function commandsText(): Promise<string> {
  const shown = (await groups())
    .map((group) => ({ ...group, commands: group.commands.filter(({ hidden }) => !hidden) }))
    .filter(({ commands }) => commands.length > 0)
  const contents = shown.map((group) => `- [${group.name}](#${group.name}): ${group.summary}`)
  return [intro, ...contents, '', ...shown.map(groupText)].join('\n')
}

const intro = `# Commands

Made by \`npm run docs\` from the commands in \`plugins/\`; change it there.

Type them as \`ssh dokku@HOST COMMAND\`. Every command takes \`--quiet\` (no headers), \`--force\` (no questions), \`--trace\`,
\`--help\`, and \`--app NAME\` instead of its \`<app>\` argument; flags may stand anywhere before \`--\`.
`

function groupText({ name, summary, commands }: Group<never>): string {
  return [`## ${name}`, '', `${summary}.`, '', ...commands.map(commandText)].join('\n')
}

function commandText(command: Command<never>): string {
  const { name, summary, description, args = {}, flags = {}, examples, aliases = [], right } = command
  const argRows = Object.entries(args).map(
    ([key, arg]) => `| \`${arg.kind === 'rest' ? arg.label : `<${arg.label ?? key}>`}\` | ${cell(arg.summary)} |`,
  )
  const flagRows = Object.entries(flags).map(([key, flag]) => {
    const short = flag.short === undefined ? '' : `\`-${flag.short}\`, `
    return `| ${short}\`--${key}${flag.kind === 'boolean' ? '' : ` ${flag.label}`}\` | ${cell(flag.summary)} |`
  })
  const rows = [...argRows, ...flagRows]
  return [
    `### ${name}`,
    '',
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.${right === 'none' ? '' : ` Needs the right to \`${right}\`.`}`,
    ...(description === undefined ? [] : ['', description]),
    ...(aliases.length === 0 ? [] : ['', `Also ${aliases.map((alias) => `\`${alias}\``).join(', ')}.`]),
    '',
    '```',
    usage(command),
    '```',
    ...(rows.length === 0 ? [] : ['', '| | |', '|---|---|', ...rows]),
    '',
    examples.length === 1 ? 'Example:' : 'Examples:',
    '',
    '```',
    ...examples.map((example) => `ssh dokku@host ${example}`),
    '```',
    '',
  ].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

/** All made pages: their paths, relative to the root, and their texts. */
export async function madePages(): Promise<Record<string, string>> {
  return {
    [commandsPage]: await commandsText(),
    'docs/reference/dokku-compat.md': await compatText(),
    'docs/reference/hooks.md': hooksText(),
    'docs/reference/plugin-toml.md': pluginTomlText(),
    'docs/reference/plugin.schema.json': pluginTomlSchema(),
    ...(await figurePages()),
  }
}

if (import.meta.main) for (const [path, text] of Object.entries(await madePages())) await writeWhole(join(root, path), text, 0o644)
