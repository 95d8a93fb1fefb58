import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readProcfile } from './procfile.ts'

test('readProcfile reads as herokuish does: no comments, the first of a type, nothing that is none', () => {
  assert.deepEqual(readProcfile('# web: no\r\n web :  a "b  c"  \r\nweb: later\nnonsense\nempty:\nworker: x: y\n'), {
    web: 'a "b  c"',
    worker: 'x: y',
  })
  assert.deepEqual(Object.keys(readProcfile('__proto__: x\nweb: y')), ['web'])
})

test('readProcfile takes no longer for a line of blanks', () => {
  const begun = performance.now()
  readProcfile(`web: b${' '.repeat(100_000)}c`)
  assert.ok(performance.now() - begun < 1000, 'it took longer than a second')
})
