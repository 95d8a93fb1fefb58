import {
  boolean,
  buildVarsOf,
  command,
  currentRelease,
  gitRemote,
  group,
  markSecretVars,
  ofApp,
  optional,
  param,
  readInput,
  rest,
  secretVarsOf,
  shownVars,
  UserError,
} from 'dokku'
import { change } from './change.ts'
import { readVars } from './envfile.ts'
import { assertFits, decode, parsePair } from './pairs.ts'
import { global, nameOf, scoped } from './scope.ts'
import { keysOf, looking } from './show.ts'

/** More than any process could get as its environment. */
const longestImport = 4 * 1024 ** 2

const flags = { 'no-restart': boolean('store the change, leave the app running as it is'), ...global }

const globally = 'With --global it is of every app that has none of that name, from its next release or ps:restart on.'

const set = command({
  name: 'config:set',
  summary: 'set one or more config vars',
  description: `A deployed app is released again with the new values, without dropping a request. With --build, builds may read them too: as secrets, that no layer of the image keeps. ${globally}`,
  args: {
    ...scoped,
    pairs: rest('KEY=VALUE', parsePair, { secret: true, complete: ofApp((one) => keysOf(one).map((key) => `${key}=`)) }),
  },
  flags: {
    ...flags,
    encoded: boolean('the values are base64'),
    build: boolean('builds may read them too'),
    'no-build': boolean('builds may not read them any more'),
    secret: boolean('no list or report shows the values; config:get does'),
    'no-secret': boolean('the values may be shown again'),
  },
  examples: [
    'config:set node-js-app RAILS_ENV=production',
    'config:set --no-restart node-js-app A=1 B=2',
    'config:set --build node-js-app NPM_TOKEN=secret',
    'config:set --secret node-js-app API_KEY=secret',
    'config:set --global SENTRY_ENVIRONMENT=production',
  ],
  right: 'deploy',
  next: ({ args: { app }, context }) =>
    app === undefined || currentRelease(app) !== undefined
      ? undefined
      : `The first deploy takes it: git push ${gitRemote(context.instance.settings, app.name)} main`,

  async run({ args, flags, context }) {
    const pairs = Object.fromEntries(args.pairs.map(([key, value]) => [key, flags.encoded ? decode(key, value) : value]))
    for (const [key, value] of Object.entries(pairs)) assertFits(key, value)
    const owner = args.app ?? context.instance
    await change(args.app, context, flags, (before) => {
      if (flags.secret || flags['no-secret']) markSecretVars(owner, Object.keys(pairs), flags.secret)
      context.output.step('Setting config vars')
      for (const [key, value] of Object.entries(shownVars(pairs, secretVarsOf(owner)))) context.output.detail(`${key}:  ${value}`)
      const readable = args.app === undefined ? [] : buildVarsOf(args.app)
      const others = readable.filter((key) => !(flags['no-build'] && key in pairs))
      const build = flags.build ? [...others, ...Object.keys(pairs)] : others
      return { config: { ...before, ...pairs }, build, description: `Set ${Object.keys(pairs).join(', ')}` }
    })
  },
})

const unset = command({
  name: 'config:unset',
  summary: 'remove one or more config vars',
  args: { ...scoped, keys: rest('KEY', String, { complete: ofApp(keysOf) }) },
  flags,
  examples: ['config:unset node-js-app RAILS_ENV', 'config:unset --global SENTRY_ENVIRONMENT'],
  right: 'deploy',

  async run({ args, flags, context }) {
    await change(args.app, context, flags, (before) => {
      const left = new Map(Object.entries(before))
      const unknown = args.keys.find((key) => !left.has(key))
      const known = args.keys.filter((key) => left.delete(key))
      if (known.length === 0)
        throw new UserError('no-such-config', `${nameOf(args.app)} has no config var ${unknown}`, {
          hint: `config:show ${args.app?.name ?? '--global'}`,
        })
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
  args: { ...scoped, from: optional(param({ summary: '-, standard input', label: '-', parse: parseFrom })) },
  flags: { ...flags, replace: boolean('remove the config vars that are not among them') },
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
  args: scoped,
  flags,
  examples: ['config:clear node-js-app', 'config:clear --no-restart node-js-app'],
  right: 'deploy',

  async run({ args, flags, context }) {
    await change(args.app, context, flags, () => {
      context.output.step('Unsetting all config vars')
      return { config: {}, description: 'Clear config' }
    })
  },
})

function parseFrom(word: string): '-' {
  if (word === '-') return word
  throw new UserError('no-file', `${JSON.stringify(word.slice(0, 60))} cannot be read from here`, { hint: 'config:import APP - < .env' })
}

export default group('config', 'Manage environment variables of an app', [...looking, set, unset, imported, clear])
