import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startRig } from '../faults/rig.ts'
import { live } from '../faults/run.ts'

const rig = await startRig('host')
after(() => rig.remove())
const steps = 6

for (const run of [1, 8, 9])
  test(`whatever ends while app ${run} is deployed, changed and destroyed, the last acknowledged release serves and nothing is left over`, async (t) => {
    assert.equal(await live(rig, { seed: 3, run, steps, say: (line) => t.diagnostic(line) }), steps)
  })
