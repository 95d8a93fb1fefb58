import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boolean, commandsFor, option, rest, word } from './command.ts'
import { groupMan } from './man.ts'

const { command, group } = commandsFor<undefined, 'none'>()
const set = command({
  name: 'config:set',
  aliases: ['config:put'],
  summary: 'set config vars',
  description: '.dots and "quotes"\nand back\\slashes',
  args: { app: word('the app', 'app'), pairs: rest('KEY=VALUE', String, { summary: 'what to set' }) },
  flags: { 'no-restart': boolean('leave it'), tries: option('N', 'how often', Number, { short: 'n' }) },
  examples: ['config:set shop A=1'],
  right: 'none',
  run: async () => {},
})

test('groupMan is a page that man reads: what a letter means to it is escaped', () => {
  const page = groupMan(group('config', 'Manage config vars', [set]))
  for (const line of [
    '.TH DOKKU\\-CONFIG 1',
    'dokku\\-config \\- manage config vars',
    '.SS config:set <app> KEY=VALUE... [\\-\\-no\\-restart] [\\-\\-tries N]',
    '\\&.dots and \\(dqquotes\\(dq',
    'and back\\eslashes',
    'Also config:put.',
    '.B \\-n, \\-\\-tries N',
    'ssh dokku@host config:set shop A=1',
  ])
    assert.ok(page.split('\n').includes(line), `${line}\n${page}`)
})
