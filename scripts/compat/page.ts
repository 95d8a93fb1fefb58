import { type Command, globalFlags } from '#lib/command.ts'
import { find } from '#lib/resolve.ts'
import { groups } from '../../dokku/plugins.ts'
import { dokkuCommands, type Tier } from './dokku.ts'
import { better, why } from './words.ts'

type Found = Command<never> | 'help' | undefined

/** What became of one of Dokku's commands. */
export interface Row {
  readonly group: string
  readonly tier: Tier
  readonly name: string
  readonly found: Found
  /** Flags of Dokku's that it does not take. */
  readonly lacks: readonly string[]
  /** Not there, or only to say what to use instead. */
  readonly missing: boolean
}

/** Every command of Dokku's that is written down, looked for among ours. */
export async function compatRows(): Promise<Row[]> {
  const ours = await groups()
  return Object.entries(dokkuCommands).flatMap(([group, tiers]) =>
    Object.entries(tiers).flatMap(([tier, lines]) =>
      lines.map((line): Row => {
        const [name = '', ...flags] = line.split(' ')
        const found = name === 'help' ? name : find(ours, name)
        const spec = found === 'help' ? undefined : found
        const known = { ...globalFlags, ...spec?.flags }
        const lacks = spec === undefined ? [] : flags.filter((flag) => !(flag.slice(2) in known))
        return { group, tier: tier as Tier, name, found, lacks, missing: found === undefined || spec?.hidden === true }
      }),
    ),
  )
}

/** Why it, or one of its flags, is missing: its own words, else those of its group. */
export function whyNot({ name, group }: Row, flag?: string): string | undefined {
  return why[flag === undefined ? name : `${name} ${flag}`] ?? why[group]
}

/** The page that says what became of each of Dokku's commands. */
export async function compatText(): Promise<string> {
  const rows = await compatRows()
  const names = [...new Set(rows.map(({ group }) => group))]
  const tables = names.flatMap((group) => [
    `## ${group}`,
    '',
    '| command | tier | |',
    '|---|---|---|',
    ...rows.filter((row) => row.group === group).map(line),
    '',
  ])
  return [intro, summary(rows), '', ...tables, outro].join('\n')
}

function line(row: Row): string {
  const { name, tier, missing, lacks } = row
  const status = missing ? `**not yet**: ${whyNot(row)}` : better[name] === undefined ? 'same' : `**better**: ${better[name]}`
  const flags = lacks.map((flag) => `; **not yet** \`${flag}\`: ${whyNot(row, flag)}`)
  return `| \`${name}\` | ${tier} | ${status}${flags.join('')} |`
}

function summary(rows: readonly Row[]): string {
  const counts = (['A', 'B', 'C'] as const).map((tier) => {
    const some = rows.filter((row) => row.tier === tier)
    return `| ${tier} | ${some.length} | ${some.filter(({ missing }) => !missing).length} |`
  })
  return ['| tier | commands | there |', '|---|---|---|', ...counts].join('\n')
}

const intro = `# Dokku's commands, and ours

Made by \`npm run docs\` from the list in \`scripts/compat/\` and the commands in \`plugins/\`: **same** and **better** are said only of what is
there with Dokku's name and flags. Tier A is used daily, B is common, C rare or legacy. Arguments, output and exit statuses are Dokku's, 20 for
an app that does not exist; \`APP\` may be given as \`--app APP\`, and every command takes \`--quiet\`, \`--force\` and \`--trace\`.
`

const outro = `## Datastores

| command | tier | |
|---|---|---|
| \`postgres:*\`, \`redis:*\`, \`mysql:*\`, \`mariadb:*\`, \`mongo:*\`, \`rabbitmq:*\` | A, B | **not yet**: add-ons come as a part of their own; Dokku's plugins of these names can be installed |
`
