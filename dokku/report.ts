import { setImmediate } from 'node:timers/promises'
import { boolean, option, optional } from '#lib/command.ts'
import { UserError } from '#lib/errors.ts'
import { parse } from '#lib/parse.ts'
import type { App } from './app.ts'
import type { Context } from './context.ts'
import { show } from './names.ts'
import { readingTogether } from './together.ts'
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

/** How many apps a message of a report is about. */
const atATime = 40

/** The spec of a `:report` command in Dokku's manner: all apps or one, all lines or one flag's value, text or JSON. */
export function reportCommand(group: string, fields: Fields) {
  const flags = Object.fromEntries(Object.keys(fields).map((field) => [field, boolean(`print only ${caption(field).toLowerCase()}`)]))
  const ofAll = Object.keys(fields).filter((field) => field.includes('-global-'))
  const global = ofAll.length === 0 ? {} : { global: boolean('only what holds for every app that has no setting of its own') }
  return {
    name: `${group}:report`,
    summary: `show the ${group} settings and state of one app or all`,
    args: {
      app: optional(someApp),
    },
    flags: { ...flags, ...global, format },
    examples: [`${group}:report node-js-app`, `${group}:report node-js-app --format json`] as [string, string],
    right: 'view' as const,
    eachApp: true as const,
    async run({ args, flags: given, context }: { args: { app: App | undefined }; flags: Record<string, unknown>; context: Context }) {
      const only = Object.keys(fields).find((field) => given[field] === true)
      const everywhere = given.global === true
      // Fields of that kind look at the instance alone.
      const nobody = { name: 'global', instance: context.instance } as App
      const apps = everywhere ? [nobody] : args.app === undefined ? await visibleApps(context) : [args.app]
      const shown = Object.entries(fields).filter(
        ([field]) => (only === undefined || field === only) && (!everywhere || ofAll.includes(field)),
      )
      const labels = shown.map(([field]) => `${' '.repeat(7)}${`${caption(field)}:`.padEnd(31)}`)
      const textOf = async (app: App): Promise<string> => {
        const read = shown.map(([, value]) => value(app))
        // Nothing is waited for where nothing has to be: reports are of many apps and many fields.
        const values = read.every((one) => typeof one === 'string') ? read : await Promise.all(read)
        if (given.format === 'json')
          return JSON.stringify(Object.fromEntries(shown.map(([field], at) => [field.replace(`${group}-`, ''), values[at]])))
        if (only !== undefined) return values[0] ?? ''
        const text = labels.map((label, at) => `${label}${values[at]?.replaceAll('\n', `\n${' '.repeat(7)}`)}`).join('\n')
        return `=====> ${app.name} ${group} information\n${text}`
      }
      // Many lines in one message, and each message on its way while the next is made.
      const print = async () => {
        for (let at = 0; at < apps.length; at += atATime) {
          const texts = await Promise.all(apps.slice(at, at + atATime).map(textOf))
          context.output.line(texts.join('\n'))
          if (at + atATime < apps.length) await setImmediate()
        }
      }
      await (apps.length === 1 ? print() : readingTogether(print))
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
  throw new UserError('bad-format', `${show(value)} is not a format`, { hint: '--format text or --format json' })
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
