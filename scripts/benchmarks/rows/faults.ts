import { join } from 'node:path'
import * as z from 'zod'
import { readIfThere } from '#lib/files.ts'
import { root } from '../../sources.ts'
import { atMost, type Row } from '../row.ts'

/** What scripts/faults leaves of its last long run. */
const page = 'docs/reference/faults.json'
const longRun = z.object({ runs: z.number(), steps: z.number(), broken: z.number() })

/** Kills at every step, as the fault harness counts them. */
export const faults: Row = {
  name: 'faults',
  what: 'invariants broken in a long run of the fault harness, of at least 500 steps',
  bar: atMost(0),
  gated: true,
  how: 'what the last `scripts/faults` wrote',
  async measure() {
    const text = await readIfThere(join(root, page))
    if (text === undefined) throw new Error(`there is no ${page}: run scripts/faults`)
    const { runs, steps, broken } = longRun.parse(JSON.parse(text))
    if (steps < 500) throw new Error(`the last long run had only ${steps} steps`)
    return { value: broken, said: `${runs} runs, ${steps} steps` }
  },
}
