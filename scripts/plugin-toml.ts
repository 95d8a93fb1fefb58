import * as z from 'zod'
import { manifestSchema } from '../plugn/manifest.ts'

/** As much of a JSON schema as that of plugin.toml uses. */
interface Schema {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
}

const plugin = z.toJSONSchema(z.object({ plugin: manifestSchema.describe('what the plugin says about itself') }), { io: 'input' })

/** The schema of plugin.toml for editors. */
export function pluginTomlSchema(): string {
  return `${JSON.stringify({ title: 'plugin.toml', ...plugin }, null, 2)}\n`
}

/** The reference page of plugin.toml. */
export function pluginTomlText(): string {
  const { properties } = plugin as Schema
  const rows = Object.entries(properties?.plugin?.properties ?? {}).flatMap(([key, schema]) => rowsOf(key, schema))
  return [intro, '| key | value | what it is |', '|---|---|---|', ...rows, '', example].join('\n')
}

/** A key and those below it; of a table whose keys are free, as `config.KEY`. */
function rowsOf(key: string, schema: Schema): string[] {
  const forms = schema.anyOf ?? [schema]
  const tables = forms.flatMap(({ properties }) => Object.entries(properties ?? {}))
  const below = tables.flatMap(([name, one]) => rowsOf(`${key}.${name}`, one))
  const free = forms.flatMap(({ additionalProperties }) => (typeof additionalProperties === 'object' ? [additionalProperties] : []))
  const fallback =
    [undefined, '', false].includes(schema.default as string) || typeof schema.default === 'object'
      ? ''
      : `; without it \`${schema.default}\``
  const row = `| \`${key}\` | ${forms.map(formOf).join(' or ')} | ${schema.description ?? ''}${fallback} |`
  return [...(schema.description === undefined ? [] : [row]), ...below, ...free.flatMap((one) => rowsOf(`${key}.KEY`, one))]
}

function formOf({ type, enum: values, items }: Schema): string {
  if (values !== undefined) return values.map((value) => `\`"${value}"\``).join(' or ')
  if (type === 'array') return `list of ${items?.type === 'string' ? 'texts' : 'values'}`
  return { string: 'text', object: 'table', boolean: '`true` or `false`', integer: 'whole number' }[type ?? ''] ?? type ?? 'any'
}

const intro = `# plugin.toml

Made by \`npm run docs\` from \`plugn/manifest.ts\`; [plugin.schema.json](plugin.schema.json) is the same for editors.

A plugin says in its \`plugin.toml\`, in the table \`[plugin]\`, what it is and how it is handled. Every key may be left out, but for those that a table needs to make sense.
\`plugn validate\` looks it through: where it is no TOML, with line and column; keys that are not known are warned of.
`

const example = `## Which plugins fit

\`\`\`toml
[plugin.compatibility]
host = ">=1.0 <2"        # the version of whatever uses the plugin
base = "^1.2"            # a plugin that must be enabled, at such a version
conflicts = ["other"]    # plugins that must not be there
\`\`\`

Ranges are those of [semver](https://github.com/npm/node-semver#ranges). They are looked at when a plugin is installed or updated (against all
that are installed, and a plugin that is missing is only warned of), when it is enabled (against those that are enabled), and when the host
has another version. What does not fit is refused with what to do about it; \`--force\` takes it. Nothing is installed on its own.
`
