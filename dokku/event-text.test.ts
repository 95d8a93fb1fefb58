import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boolean, command, option, param, repeated, rest, word } from '#lib/command.ts'
import { eventText } from './event-text.ts'

const app = param({ summary: 'an app', label: 'app', app: true, parse: (text) => text })
const base = { summary: 'do it', examples: ['x'], right: 'deploy', run: async () => {} } as const

const set = command({
  ...base,
  name: 'config:set',
  args: { app, pairs: rest('KEY=VALUE', (text) => text, { secret: true }) },
  flags: { 'no-restart': boolean('leave it') },
})
const run = command({
  ...base,
  name: 'run',
  args: { app, words: rest('COMMAND') },
  flags: { env: repeated(option('KEY=VALUE', 'more', (text) => text, { short: 'e', secret: true })) },
  passthrough: true,
})
const rename = command({ ...base, name: 'apps:rename', args: { app, name: word('the new name') } })

test('eventText shows the keys of what is secret, and never a value', () => {
  assert.equal(
    eventText(set, ['shop', 'A=hidden', '--no-restart', 'B=hid=den'], { name: 'shop', byFlag: false }),
    'config:set A --no-restart B',
  )
  assert.equal(eventText(set, ['A=hidden'], { name: 'shop', byFlag: true }), 'config:set A')
  assert.equal(eventText(run, ['-e', 'TOKEN=hidden', 'shop', 'psql', '-e', 'hidden'], { name: 'shop', byFlag: false }), 'run --env TOKEN')
})

test('eventText shows nothing of a word that is secret as a whole, and no password in a URL', () => {
  const secret = { ...word('a password'), secret: 'whole' as const }
  const auth = command({
    ...base,
    name: 'git:auth',
    args: { host: word('a host'), secret },
    flags: { key: option('KEY', 'a key', String, { secret: 'whole' }) },
  })
  assert.equal(eventText(auth, ['github.com', 'hidden=hidden', '--key', 'hidden']), 'git:auth github.com *** --key ***')
  assert.equal(eventText(rename, ['shop', 'https://me:hidden@a.b/c']), 'apps:rename shop https://a.b/c')
})

test('eventText names an app that is called otherwise by now', () => {
  assert.equal(eventText(rename, ['old', 'new'], { name: 'new', byFlag: false }), 'apps:rename old new')
})

test('eventText is one plain line of bearable length', () => {
  assert.equal(eventText(rename, ['shop', 'a\n\u001b[31mb'], { name: 'shop', byFlag: false }), "apps:rename 'a b'")
  const text = eventText(
    set,
    Array.from({ length: 100 }, (_, n) => `KEY${n}=x`),
    { name: 'KEY0=x', byFlag: false },
  )
  assert.ok(text.length === 200 && text.endsWith('…'))
})
