import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silent } from './dispatch.ts'
import type { Responder } from './responder.ts'
import { type Candidate, chosen, detect, driverVariable } from './select.ts'

/** A plugin that answers `build-detect` with a status and what it prints. */
function plugin(name: string, status: number, says = ''): { name: string; responders: Responder[] } {
  const responder: Responder = {
    plugin: name,
    handles: (hook) => hook === 'build-detect',
    call({ args, stdin, stdout }) {
      assert.deepEqual([args, stdin], [['/src'], undefined])
      if (stdout !== 'inherit') stdout.write(says)
      return { status }
    },
  }
  return { name, responders: [responder] }
}

const all = [
  plugin('a', 1, 'not me'),
  plugin('b', 0, 'the b\nand more\n'),
  { name: 'c', responders: [] },
  plugin('d', 0),
  plugin('e', 0, 'x'.repeat(5000)),
]
const found = await detect('build', ['/src'], all, silent())

test('detection asks every plugin that can be asked, and takes its first line as its name', () => {
  assert.deepEqual(
    found.map(({ plugin: { name }, label }) => [name, label]),
    [
      ['b', 'the b'],
      ['d', 'd'],
      ['e', 'x'.repeat(200)],
    ],
  )
})

test('the first plugin that says yes is chosen, and of several the caller hears', () => {
  const heard: string[][] = []
  const several = (candidates: readonly Candidate[]) => void heard.push(candidates.map(({ label }) => label.slice(0, 5)))
  assert.equal(chosen('build', found, several).name, 'b')
  assert.equal(chosen('build', found.slice(0, 1), () => assert.fail('one is not several')).name, 'b')
  assert.deepEqual(heard, [['the b', 'd', 'xxxxx']])
  assert.throws(() => chosen('build', [], several), { code: 'nothing-selected', message: 'Unable to select a plugin for build' })
})

test('the variable that names the driver of a hook is one that a shell knows', () => {
  assert.equal(driverVariable('builder-build/x.y'), 'PLUGN_DRIVER_BUILDER_BUILD_X_Y')
})
