import assert from 'node:assert/strict'
import { test } from 'node:test'
import { greeting } from './greet.ts'

test('the greeting is for whoever is named, with the word that is set', () => {
  assert.equal(greeting(), 'Hello world')
  assert.equal(greeting('Ada Lovelace', 'Good day'), 'Good day Ada Lovelace')
})
