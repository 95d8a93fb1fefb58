import {
  type App,
  app,
  boolean,
  buildVarsOf,
  type Context,
  changing,
  command,
  deploying,
  format,
  group,
  ofApp,
  option,
  optional,
  param,
  readInput,
  releaseChange,
  rest,
  storeBuildVars,
  UserError,
} from 'dokku'
import { readVars } from './envfile.ts'
import { formatNames, formatVars, parseExportFormat, shellQuoted } from './formats.ts'
import { assertFits, decode, parsePair } from './pairs.ts'

/** More than any process could get as its environment. */
const longestImport = 4 * 1024 ** 2

const noRestart = { 'no-restart': boolean('store the change, leave the app running as it is') }

const show = command({
  name: 'config:show',
  aliases: ['config'],
  summary: 'show the config vars of an app',
  args: { app: app() },
  flags: { format },
  examples: ['config:show node-js-app', 'config:show node-js-app --format json'],
  right: 'deploy',
  reads: () => true,

  async run({ args, flags, context }) {
    const vars = args.app.config.all()
    if (flags.format !== 'json' && !context.quiet) context.output.result(`${args.app.name} env vars`)
    print(formatVars(vars, flags.format === 'json' ? 'json' : 'pretty'), context)
  },
})

const get = command({
  name: 'config:get',
  summary: 'print the value of one config var',
  args: { app: app(), key: param({ summary: 'the config var', label: 'KEY', parse: String, complete: ofApp(keysOf) }) },
  flags: { quoted: boolean('in single quotes, for a shell') },
  examples: ['config:get node-js-app RAILS_ENV'],
  right: 'deploy',
  reads: () => true,

  async run({ args, flags, context }) {
    const value = new Map(Object.entries(args.app.config.all())).get(args.key)
    if (value === undefined) return 1
    context.output.line(flags.quoted ? shellQuoted(value) : value)
    return 0
  },
})

const keys = command({
  name: 'config:keys',
  summary: 'list the names of the config vars of an app',
  args: { app: app() },
  flags: { format, build: boolean('only those that builds may read') },
  examples: ['config:keys node-js-app', 'config:keys node-js-app --build'],
  right: 'deploy',
  reads: () => true,

  async run({ args, flags, context }) {
    const names = keysOf(args.app).filter((key) => !flags.build || buildVarsOf(args.app).includes(key))
    print(flags.format === 'json' ? JSON.stringify(names) : names.join('\n'), context)
  },
})

const exported = command({
  name: 'config:export',
  summary: 'print the config vars of an app for a shell, a file or another program',
  description: `Formats: ${formatNames.join(', ')}. What exports, envfile, json and json-list print, config:import reads.`,
  args: { app: app() },
  flags: { format: option('FORMAT', 'how to print them (exports)', parseExportFormat, { complete: () => formatNames }) },
  examples: ['config:export node-js-app', 'config:export node-js-app --format envfile'],
  right: 'deploy',
  reads: () => true,

  async run({ args, flags, context }) {
    print(formatVars(args.app.config.all(), flags.format ?? 'exports'), context)
  },
})

const set = command({
  name: 'config:set',
  summary: 'set one or more config vars',
  description:
    'A deployed app is released again with the new values, without dropping a request. With --build, builds may read them too: as secrets, that no layer of the image keeps.',
  args: {
    app: app(),
    pairs: rest('KEY=VALUE', parsePair, { secret: true, complete: ofApp((one) => keysOf(one).map((key) => `${key}=`)) }),
  },
  flags: {
    ...noRestart,
    encoded: boolean('the values are base64'),
    build: boolean('builds may read them too'),
    'no-build': boolean('builds may not read them any more'),
  },
  examples: [
    'config:set node-js-app RAILS_ENV=production',
    'config:set --no-restart node-js-app A=1 B=2',
    'config:set --build node-js-app NPM_TOKEN=secret',
  ],
  right: 'deploy',

  async run({ args, flags, context }) {
    const pairs = Object.fromEntries(args.pairs.map(([key, value]) => [key, flags.encoded ? decode(key, value) : value]))
    for (const [key, value] of Object.entries(pairs)) assertFits(key, value)
    await change(args.app, context, flags, (before) => {
      context.output.step('Setting config vars')
      for (const [key, value] of Object.entries(pairs)) context.output.detail(`${key}:  ${value}`)
      const others = buildVarsOf(args.app).filter((key) => !(flags['no-build'] && key in pairs))
      const build = flags.build ? [...others, ...Object.keys(pairs)] : others
      return { config: { ...before, ...pairs }, build, description: `Set ${Object.keys(pairs).join(', ')}` }
    })
  },
})

const unset = command({
  name: 'config:unset',
  summary: 'remove one or more config vars',
  args: { app: app(), keys: rest('KEY', String, { complete: ofApp(keysOf) }) },
  flags: noRestart,
  examples: ['config:unset node-js-app RAILS_ENV'],
  right: 'deploy',

  async run({ args, flags, context }) {
    await change(args.app, context, flags, (before) => {
      const left = new Map(Object.entries(before))
      const unknown = args.keys.find((key) => !left.has(key))
      const known = args.keys.filter((key) => left.delete(key))
      if (known.length === 0)
        throw new UserError('no-such-config', `${args.app.name} has no config var ${unknown}`, { hint: `config:show ${args.app.name}` })
      for (const key of known) context.output.step(`Unsetting ${key}`)
      return { config: Object.fromEntries(left), description: `Unset ${known.join(', ')}` }
    })
  },
})

const imported = command({
  name: 'config:import',
  summary: 'set config vars from an envfile or JSON on standard input',
  description:
    'Reads KEY=VALUE lines, {"KEY": "value"} or [{"name": "KEY", "value": "value"}]. A line that is wrong is named, and then nothing is stored.',
  args: { app: app(), from: optional(param({ summary: '-, standard input', label: '-', parse: parseFrom })) },
  flags: { ...noRestart, replace: boolean('remove the config vars that are not among them') },
  examples: ['config:import node-js-app -', 'config:import node-js-app - --replace'],
  right: 'deploy',

  async run({ args, flags, context }) {
    const vars = readVars(await readInput(context, longestImport))
    for (const [key, value] of Object.entries(vars)) assertFits(key, value)
    await change(args.app, context, flags, (before) => {
      context.output.step('Setting config vars')
      for (const key of Object.keys(vars)) context.output.detail(key)
      return { config: flags.replace ? vars : { ...before, ...vars }, description: `Import ${Object.keys(vars).join(', ')}` }
    })
  },
})

const clear = command({
  name: 'config:clear',
  summary: 'remove all config vars of an app',
  description: 'It does not ask: releases:rollback brings the values of a deployed app back.',
  args: { app: app() },
  flags: noRestart,
  examples: ['config:clear node-js-app', 'config:clear --no-restart node-js-app'],
  right: 'deploy',

  async run({ args, flags, context }) {
    await change(args.app, context, flags, () => {
      context.output.step('Unsetting all config vars')
      return { config: {}, description: 'Clear config' }
    })
  },
})

/** What a change makes of the config vars and of those that builds may read, and what its release is called. */
type Changed = (before: Record<string, string>) => { config: Record<string, string>; build?: string[]; description: string }

/** Releases a change of config, and stores it with the release; with `--no-restart` only stores it. */
async function change(one: App, context: Context, flags: { 'no-restart': boolean }, changed: Changed): Promise<void> {
  const turn = flags['no-restart'] ? changing : deploying
  await turn(one, context, async () => {
    const before = one.config.all()
    const { config, build = buildVarsOf(one), description } = changed(before)
    if (flags['no-restart']) one.config.replace(config)
    else await releaseChange(one, description, { config }, { user: context.identity.name, output: context.output })
    storeBuildVars(
      one,
      build.filter((key) => key in config),
    )
    const keys = (of: Record<string, string>, other: Record<string, string>) => Object.keys(of).filter((key) => of[key] !== other[key])
    const [set, unset] = [keys(config, before), keys(before, config).filter((key) => !(key in config))]
    if (set.length > 0) await one.instance.fire('post-config-update', { app: one.name, verb: 'set', pairs: set })
    if (unset.length > 0) await one.instance.fire('post-config-update', { app: one.name, verb: 'unset', pairs: unset })
  })
}

function keysOf(one: App): string[] {
  return Object.keys(one.config.all())
}

function parseFrom(word: string): '-' {
  if (word === '-') return word
  throw new UserError('no-file', `${JSON.stringify(word.slice(0, 60))} cannot be read from here`, { hint: 'config:import APP - < .env' })
}

function print(text: string, context: Context): void {
  if (text !== '') context.output.line(text)
}

export default group('config', 'Manage environment variables of an app', [show, get, keys, exported, set, unset, imported, clear])
