import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boolean, commandsFor, option, optional, type Param, rest, unless, word } from './command.ts'
import { commandHelp, groupHelp, helpText } from './help.ts'

const { command, group, param } = commandsFor<undefined, 'none'>()
const common = { right: 'none', run: async () => {} } as const
const app = (): Param<string, undefined> => param({ summary: 'the app', parse: String })

const set = command({
  ...common,
  name: 'config:set',
  summary: 'set one or more config vars',
  description: 'The values are stored first.\nThen the app is restarted.',
  args: { app: unless('global', app()), pairs: rest('KEY=VALUE', String, { summary: 'what to set' }) },
  flags: { global: boolean('for all apps'), tries: option('N', 'how often', Number, { short: 'n' }) },
  examples: ['config:set shop A=1'],
})
const list = command({
  ...common,
  name: 'config:show',
  summary: 'show the config vars',
  args: { app: app() },
  examples: ['config:show shop'],
})
const hook = command({ ...common, name: 'config:hook', summary: 'never seen', hidden: true, examples: ['config:hook'] })
const enter = command({
  ...common,
  name: 'enter',
  summary: 'open a shell',
  args: { app: app(), process: optional(word('which one')) },
  examples: ['enter shop'],
})
const secret = command({ ...common, name: 'git-hook', summary: 'never seen', hidden: true, examples: ['git-hook'] })
const groups = [
  group('enter', 'Open a shell in a container', [enter]),
  group('config', 'Manage config vars', [set, list, hook]),
  group('git', 'Never seen', [secret]),
]

test('help lists the groups, and a group of one command as that command', () => {
  assert.equal(
    helpText(groups),
    `Usage: dokku COMMAND [ARGUMENTS]

Commands:

    config                   Manage config vars
    enter <app> [<process>]  Open a shell in a container

help --all lists every command; GROUP:help those of a group.`,
  )
})

test('help with a guide begins with the first steps, and has the groups by what they are about', () => {
  const steps = [['git push dokku main', 'deploy it']] as const
  const guide = { intro: 'Type this:', steps, topics: { 'An app': ['config', 'nothing'], Others: ['git'] } }
  assert.equal(
    helpText(groups, { guide }),
    `Usage: dokku COMMAND [ARGUMENTS]

Type this:

    git push dokku main  deploy it

An app:

    config  Manage config vars

Brought by plugins:

    enter <app> [<process>]  Open a shell in a container

help --all lists every command; GROUP:help those of a group.`,
  )
})

test('help --all lists every command that is not hidden', () => {
  const rows = helpText(groups, { all: true })
    .split('\n')
    .filter((line) => line.startsWith('    '))
  assert.deepEqual(rows, [
    '    enter <app> [<process>]                 open a shell',
    '    config:set <app>|--global KEY=VALUE...  set one or more config vars',
    '    config:show <app>                       show the config vars',
  ])
})

test('help of a group lists its commands', () => {
  assert.equal(
    groupHelp(group('config', 'Manage config vars', [set, list, hook])),
    `Usage: dokku config:COMMAND

Manage config vars.

    config:set <app>|--global KEY=VALUE...  set one or more config vars
    config:show <app>                       show the config vars

help COMMAND shows arguments, flags and examples.`,
  )
})

test('help of a command shows arguments, flags and examples', () => {
  assert.equal(
    commandHelp(set),
    `Usage: dokku config:set <app>|--global KEY=VALUE... [--tries N]

Set one or more config vars.

The values are stored first.
Then the app is restarted.

Arguments:

    <app>         the app; not with --global
    KEY=VALUE...  what to set

Flags:

        --global   for all apps
    -n, --tries N  how often

Global flags:

    -q, --quiet    leave headers out
        --force    do not ask for confirmation
        --trace    show what is done, and a stack when it fails
    -h, --help     show the help of the command
        --app APP  the app, instead of the argument

Examples:

    config:set shop A=1`,
  )
})

test('help stays within 100 columns', () => {
  const wide = command({
    ...common,
    name: 'x:wide',
    summary: 'many words '.repeat(20).trim(),
    args: { a: rest('A'.repeat(60)) },
    examples: ['x'],
  })
  for (const text of [groupHelp(group('x', 'Wide', [wide])), commandHelp(wide), helpText([group('x', 'Wide', [wide])])])
    for (const line of text.split('\n')) if (!line.includes('AAA')) assert.ok(line.length <= 100, line)
})
