import { optional, param } from '#lib/command.ts'
import { UserError } from '#lib/errors.ts'
import { didYouMean } from '#lib/nearest.ts'
import type { App } from './app.ts'
import { type Context, changing } from './context.ts'
import { someApp } from './report.ts'

/** One setting of an app, kept as the property `GROUP KEY`. */
export interface Setting {
  summary: string
  /** Words it can be, for completion. */
  values?: readonly string[]
  /** Throws UserError for what it cannot be. */
  check: (value: string) => unknown
  /** What a new value changes at once. */
  apply?: (app: App) => Promise<void>
}

/** The spec of a `:set` command in Dokku's manner: `GROUP:set APP KEY VALUE`, and without a value the default again. */
export function setCommand(group: string, settings: Readonly<Record<string, Setting>>, examples: [string, ...string[]]) {
  const keys = Object.keys(settings)
  const parse = (key: string): [string, Setting] => {
    const setting = Object.hasOwn(settings, key) ? settings[key] : undefined
    if (setting !== undefined) return [key, setting]
    throw new UserError('no-such-setting', `${group} has no setting ${JSON.stringify(key.slice(0, 40))}`, {
      hint: didYouMean(key, keys) ?? keys.join(', '),
    })
  }
  return {
    name: `${group}:set`,
    summary: `set or clear a ${group} setting of an app`,
    description: Object.entries(settings)
      .map(([key, { summary }]) => `${key}: ${summary}.`)
      .join('\n'),
    args: {
      app: someApp,
      setting: param<[string, Setting], Context>({ summary: keys.join(', '), label: 'setting', parse, complete: () => keys }),
      value: optional(
        param<string, Context>({
          summary: 'the value; left out, the setting is cleared',
          label: 'value',
          parse: String,
          complete: (_prefix, _context, { setting = '' }) =>
            (Object.hasOwn(settings, setting) ? settings[setting]?.values : undefined) ?? [],
        }),
      ),
    },
    examples,
    right: 'deploy' as const,
    async run({ args, context }: { args: { app: App; setting: [string, Setting]; value: string | undefined }; context: Context }) {
      const [key, { check, apply }] = args.setting
      const value = args.value ?? ''
      if (value !== '') check(value)
      await changing(args.app, context, async () => {
        args.app.properties.set(`${group} ${key}`, value)
        await apply?.(args.app)
      })
      context.output.step(value === '' ? `Unsetting ${key}` : `Setting ${key} to ${value}`)
    },
  }
}
