import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppContainer } from './container.ts'
import { noticed } from './reconcile.ts'

const web = { process: 'web', index: 1, spec: 's' }
const ended = { ...web, state: 'exited', stage: 'serving' } as AppContainer

test('noticed says what did not run and what was missing, and what becomes of it', () => {
  assert.equal(noticed({ prove: [ended], create: [{ ...web, index: 2 }] }, false), 'web.1 did not run; web.2 was missing: started again')
  assert.equal(noticed({ prove: [ended], create: [] }, true), 'web.1 did not run: left so, as ps:set says')
})

test('noticed keeps quiet about a start that a crash of ours interrupted', () => {
  assert.equal(noticed({ prove: [{ ...ended, state: 'running', stage: 'upcoming' }], create: [] }, false), '')
})
