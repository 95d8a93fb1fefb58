import { boolean, optional, param, unless } from '#lib/command.ts'
import { UserError } from '#lib/errors.ts'
import { didYouMean } from '#lib/nearest.ts'
import { authorize } from './access.ts'
import { type App, allApps } from './app.ts'
import { type Context, changing } from './context.ts'
import { someApp } from './report.ts'

/** One setting of an app, kept as the property `GROUP KEY`. */
export interface Setting {
  summary: string
  /** Words it can be, for completion. */
  values?: readonly string[]
  /** Throws UserError for what it cannot be. */
  check: (value: string) => unknown
  /** What a new value changes at once; where it throws, the old value is put back. */
  apply?: (app: App, context: Context) => Promise<unknown>
  /** Its value is for nobody else to see. */
  secret?: boolean
  /** Only an admin may change it. */
  admin?: boolean
}

type Settings = Readonly<Record<string, Setting>>
interface Input {
  args: { app: App | undefined; setting: [string, Setting]; value: string | undefined }
  context: Context
}

/** The spec of a `:set` command in Dokku's manner: `GROUP:set APP KEY VALUE`, and without a value the default again. */
export function setCommand(group: string, settings: Settings, examples: [string, ...string[]]) {
  return { ...specOf(group, settings, examples), args: { app: someApp, ...settingArgs(group, settings) }, run: setting(group) }
}

/** The same with `--global` in place of the app, for every app that has no setting of its own. */
export function setGlobalCommand(group: string, settings: Settings, examples: [string, ...string[]]) {
  return {
    ...specOf(group, settings, examples),
    args: { app: unless('global', someApp), ...settingArgs(group, settings) },
    flags: { global: boolean('for every app that has no setting of its own') },
    // For all of them, an admin's right is asked for when it runs.
    eachApp: true as const,
    run: setting(group),
  }
}

function specOf(group: string, settings: Settings, examples: [string, ...string[]]) {
  return {
    name: `${group}:set`,
    summary: `set or clear a ${group} setting of an app`,
    description: Object.entries(settings)
      .map(([key, { summary }]) => `${key}: ${summary}.`)
      .join('\n'),
    examples,
    right: 'deploy' as const,
  }
}

function settingArgs(group: string, settings: Settings) {
  const keys = Object.keys(settings)
  const parse = (key: string): [string, Setting] => {
    const found = Object.hasOwn(settings, key) ? settings[key] : undefined
    if (found !== undefined) return [key, found]
    throw new UserError('no-such-setting', `${group} has no setting ${JSON.stringify(key.slice(0, 40))}`, {
      hint: didYouMean(key, keys) ?? keys.join(', '),
    })
  }
  return {
    setting: param<[string, Setting], Context>({ summary: keys.join(', '), label: 'setting', parse, complete: () => keys }),
    value: optional(
      param<string, Context>({
        summary: 'the value; left out, the setting is cleared',
        label: 'value',
        ...(Object.values(settings).some(({ secret }) => secret === true) ? { secret: 'whole' as const } : {}),
        parse: String,
        complete: (_prefix, _context, { setting = '' }) => (Object.hasOwn(settings, setting) ? settings[setting]?.values : undefined) ?? [],
      }),
    ),
  }
}

function setting(group: string) {
  return async ({ args, context }: Input): Promise<void> => {
    const [key, { check, apply, admin, secret }] = args.setting
    const value = args.value ?? ''
    if (args.app === undefined || admin === true) authorize(context.identity, 'admin', `set ${key}`)
    if (value !== '') check(value)
    const name = `${group} ${key}`
    if (args.app === undefined) await setGlobally(name, value, apply, context)
    else await store(args.app, name, value, apply, context)
    context.output.step(value === '' ? `Unsetting ${key}` : `Setting ${key}${secret === true ? '' : ` to ${value}`}`)
  }
}

async function store(app: App, name: string, value: string, apply: Setting['apply'], context: Context): Promise<void> {
  await changing(app, context, async () => {
    const before = app.properties.get(name) ?? ''
    app.properties.set(name, value)
    try {
      await apply?.(app, context)
    } catch (error) {
      app.properties.set(name, before)
      throw error
    }
  })
}

/** Applies a global setting to each app that has none of its own; one that cannot have it is said, and has the setting all the same. */
async function setGlobally(name: string, value: string, apply: Setting['apply'], context: Context): Promise<void> {
  const { instance } = context
  instance.properties.set(name, value)
  if (apply === undefined) return
  for (const app of allApps(instance).filter((one) => one.properties.get(name) === undefined))
    await changing(app, context, async () => {
      await apply(app, context)
    })
}
