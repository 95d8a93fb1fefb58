import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppContainer, Stage, Wanted } from './container.ts'
import { isSettled, planApp } from './plan.ts'

const web1: Wanted = { process: 'web', index: 1, spec: 'new' }
const web2: Wanted = { ...web1, index: 2 }

let made = 0
function container(want: Wanted, state = 'running', stage: Stage = 'serving'): AppContainer {
  const id = String(++made)
  return { id, name: id, appId: 1, ...want, version: 1, address: '10.0.0.2', port: 5000, state, stage }
}

test('planApp keeps what serves as wanted and has nothing else to do', () => {
  const existing = [container(web1), container(web2, 'restarting')]
  const plan = planApp([web1, web2], existing)
  assert.deepEqual(plan, { keep: existing, prove: [], create: [], retire: [] })
  assert.equal(isSettled(plan), true)
})

test('planApp proves what ended, is paused or was being started, creates what is missing and retires the rest', () => {
  for (const [state, stage] of [
    ['exited', 'serving'],
    ['paused', 'serving'],
    ['exited', 'upcoming'],
    ['running', 'upcoming'],
  ] as const) {
    const half = container(web1, state, stage)
    const old = container({ ...web1, spec: 'old' })
    assert.deepEqual(planApp([web1, web2], [half, old]), { keep: [], prove: [half], create: [web2], retire: [old] })
  }
})

test('planApp that leaves what ended only finishes what was begun, and removes nothing of what is wanted', () => {
  const [ended, begun] = [container(web1, 'exited'), container(web2, 'running', 'upcoming')]
  const old = container({ ...web1, spec: 'old' }, 'exited')
  const web3 = { ...web1, index: 3 }
  assert.deepEqual(planApp([web1, web2, web3], [ended, begun, old], { leaveEnded: true }), {
    keep: [],
    prove: [begun],
    create: [],
    retire: [old],
  })
})

test('planApp makes anew what was made and never started, whatever it lacks', () => {
  const unfinished = container(web1, 'created', 'upcoming')
  assert.deepEqual(planApp([web1], [unfinished]), { keep: [], prove: [], create: [web1], retire: [unfinished] })
})

test('planApp never takes up what is on its way out', () => {
  const going = [container(web1, 'running', 'retiring'), container(web1, 'removing'), container(web1, 'dead')]
  assert.deepEqual(planApp([web1], going), { keep: [], prove: [], create: [web1], retire: going })
})

test('planApp takes of twins the one that serves', () => {
  const [upcoming, ended, serving] = [container(web1, 'running', 'upcoming'), container(web1, 'exited'), container(web1)]
  assert.deepEqual(planApp([web1], [upcoming, ended, serving]), { keep: [serving], prove: [], create: [], retire: [upcoming, ended] })
})

test('planApp of a stopped app, or of one that is not deployed, retires everything', () => {
  const existing = [container(web1), container(web2, 'exited')]
  assert.deepEqual(planApp([], existing).retire, existing)
})
