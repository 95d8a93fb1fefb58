import { parseArgs } from 'node:util'
import { startRig } from './rig.ts'
import { Broken, live } from './run.ts'

/** Steps of a run: operations with a fault each. */
const steps = 6

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '90' },
    minutes: { type: 'string', default: '60' },
    run: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    engine: { type: 'string' },
    commit: { type: 'string', default: '' },
  },
})
const seed = Number(values.seed)
const numbers = values.run === undefined ? Array.from({ length: Number(values.runs) }, (_, n) => n + 1) : [Number(values.run)]
const minutes = Number(values.minutes)
const started = Date.now()
let struck = 0
let lived = 0
const broken: string[] = []

/** Lives the runs that are left, one after another, on an instance of its own. */
async function worker(kind: 'host' | 'second'): Promise<void> {
  let rig = await startRig(kind)
  try {
    for (let run = numbers.shift(); run !== undefined && Date.now() - started < minutes * 60_000; run = numbers.shift()) {
      try {
        // Read after the wait: the other workers count too.
        const hit = await live(rig, { seed, run, steps, say: (line) => console.log(`${kind}: ${line}`) })
        struck += hit
        lived++
      } catch (error) {
        const said = error instanceof Broken ? error.message : String(error instanceof Error ? error.stack : error)
        broken.push(said)
        console.log(
          `\n !     BROKEN on ${kind}: scripts/faults --seed ${seed} --run ${run}${kind === 'second' ? ' --engine second' : ''}\n${said}\n`,
        )
        // What is left of a run that broke would break the others.
        await rig.remove()
        rig = await startRig(kind)
      }
    }
  } finally {
    await rig.remove()
  }
}

const kinds =
  values.engine === 'second'
    ? (['second'] as const)
    : values.run === undefined && numbers.length > 1 && values.engine === undefined
      ? (['host', 'host', 'second'] as const)
      : (['host'] as const)
console.log(`-----> Faults with seed ${seed}: ${numbers.length} runs of ${steps} steps on ${kinds.join(', ')}`)
const results = await Promise.allSettled(kinds.map(worker))
for (const result of results) if (result.status === 'rejected') broken.push(String(result.reason))
const took = Math.round((Date.now() - started) / 6000) / 10
console.log(`=====> ${lived} runs, ${struck} steps with a fault in ${took} minutes, ${broken.length} broken`)
console.log(
  `json ${JSON.stringify({ date: new Date().toISOString().slice(0, 10), commit: values.commit, seed, runs: lived, steps: struck, broken: broken.length, minutes: took })}`,
)
process.exitCode = broken.length === 0 ? 0 : 1
