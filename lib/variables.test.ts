import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseVariables } from './variables.ts'

test('parseVariables takes lines of KEY=value, as they are, and no others', () => {
  const text = 'A=1\nB=$HOME; x=y\n C=no\n=no\nno\n1D=no\nE-F=no\nG=\nA=2'
  assert.deepEqual(parseVariables(text), { A: '2', B: '$HOME; x=y', G: '' })
  assert.deepEqual(parseVariables(''), {})
})
