import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseHost } from './hosts.ts'

test('parseHost takes domains, wildcards and names with other letters', () => {
  assert.equal(parseHost('www.Example.com'), 'www.example.com')
  assert.equal(parseHost('*.example.com'), '*.example.com')
  assert.equal(parseHost('bücher.example'), 'xn--bcher-kva.example')
  assert.equal(parseHost('localhost'), 'localhost')
})

test('parseHost refuses what nginx could misread and what is no host', () => {
  for (const word of [
    '',
    '*',
    '*.',
    'a b',
    'a;b',
    'a{b',
    'a\nb',
    '-a.com',
    'a..b',
    'http://a.com',
    'a.com/x',
    'a.com:80',
    '~^x',
    '_',
    '$host',
    `${'a'.repeat(64)}.com`,
  ])
    assert.throws(() => parseHost(word), { code: 'bad-domain' }, JSON.stringify(word))
})
