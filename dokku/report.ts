import { boolean, option, optional } from '#lib/command.ts'
import { UserError } from '#lib/errors.ts'
import { parse } from '#lib/parse.ts'
import type { App } from './app.ts'
import type { Context } from './context.ts'
import { seenApp, visibleApps } from './visible.ts'

/** One line of a report: its flag without the dashes, such as ps-can-scale, and how to find the value. */
export type Fields = Readonly<Record<string, (app: App) => string | Promise<string>>>

/** `--format`, where only text and JSON exist. */
export const format = option('FORMAT', 'text or json', parseFormat, { complete: () => ['text', 'json'] })

/** An argument that names an app. */
export const someApp = {
  kind: 'one' as const,
  summary: 'an app',
  label: 'app',
  app: true,
  parse: (word: string, context: Context) => seenApp(context, word),
  complete: async (_prefix: string, context: Context) => (await visibleApps(context)).map(({ name }) => name),
}

/** The spec of a `:report` command in Dokku's manner: all apps or one, all lines or one flag's value, text or JSON. */
export function reportCommand(group: string, fields: Fields) {
  const flags = Object.fromEntries(Object.keys(fields).map((field) => [field, boolean(`print only ${caption(field).toLowerCase()}`)]))
  return {
    name: `${group}:report`,
    summary: `show the ${group} settings and state of one app or all`,
    args: {
      app: optional(someApp),
    },
    flags: { ...flags, format },
    examples: [`${group}:report node-js-app`, `${group}:report node-js-app --format json`] as [string, string],
    right: 'view' as const,
    eachApp: true as const,
    async run({ args, flags: given, context }: { args: { app: App | undefined }; flags: Record<string, unknown>; context: Context }) {
      const only = Object.keys(fields).find((field) => given[field] === true)
      for (const app of args.app === undefined ? await visibleApps(context) : [args.app]) {
        const entries = await Promise.all(
          Object.entries(fields)
            .filter(([field]) => only === undefined || field === only)
            .map(async ([field, read]) => [field, await read(app)] as const),
        )
        if (given.format === 'json')
          context.output.line(JSON.stringify(Object.fromEntries(entries.map(([field, value]) => [field.replace(`${group}-`, ''), value]))))
        else if (only !== undefined) context.output.line(entries[0]?.[1])
        else {
          context.output.result(`${app.name} ${group} information`)
          for (const [field, value] of entries) context.output.detail(`${`${caption(field)}:`.padEnd(31)}${value}`)
        }
      }
    },
  }
}

/** Everything that the `:report` commands of the image say of an app, and what plugins add to it. */
export async function printReports(app: App, context: Context): Promise<void> {
  const commands = context.groups.flatMap((group) => group.commands)
  for (const one of commands.filter(({ name, right }) => name.endsWith(':report') && right === 'view')) {
    const { args, flags } = await parse(one, [app.name], context)
    await one.run({ args, flags, context })
  }
  await app.instance.fire('report', { app: app.name })
}

function parseFormat(value: string): 'text' | 'json' {
  if (value === 'text' || value === 'json') return value
  throw new UserError('bad-format', `${value} is not a format`, { hint: '--format text or --format json' })
}

/** How many lines or events. */
export function parseCount(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new UserError('bad-count', `${JSON.stringify(text.slice(0, 20))} is not a number of lines`)
  return Number(text)
}

function caption(field: string): string {
  const words = field.replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
