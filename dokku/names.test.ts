import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkAppName, checkKeyName } from './names.ts'

const hostile = [
  '',
  '..',
  '.',
  'a/b',
  'a;b',
  "a'b",
  'a"b',
  'a\nb',
  '-a',
  'a-',
  'A',
  'a'.repeat(64),
  'a'.repeat(300),
  'a..b',
  'a.-b',
  'a b',
  'é',
  'a\0',
  '$(id)',
  '.git',
]

test('checkAppName refuses names that could leave their place', () => {
  for (const name of hostile) assert.throws(() => checkAppName(name), { code: 'bad-app-name' }, JSON.stringify(name))
})

test('checkAppName keeps dokku and localhost for the instance', () => {
  for (const name of ['dokku', 'localhost']) assert.throws(() => checkAppName(name), { code: 'reserved-app-name' })
})

test('checkAppName takes what Dokku users call their apps', () => {
  for (const name of ['a', 'node-js-app', 'app2', 'www.example.com', '1st', 'a--b']) assert.equal(checkAppName(name), name)
})

test('checkAppName lets through nothing but small letters, digits, dashes and dots', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      try {
        checkAppName(name)
      } catch {
        return
      }
      assert.match(name, /^[a-z0-9.-]{1,63}$/)
      assert.doesNotMatch(name, /^[-.]|[-.]$|\.\./)
    }),
  )
})

test('checkKeyName refuses what could break a line of authorized_keys', () => {
  for (const name of ['', 'a"b', 'a\nb', 'a b', '-a', 'a,b', 'a'.repeat(65)])
    assert.throws(() => checkKeyName(name), { code: 'bad-key-name' })
})
