import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect, defineHooks, dispatch, event, moduleHooks, residentHooks, silent } from '#plugn'
import { root } from '../../sources.ts'
import { atMost, type Row } from '../row.ts'
import { inTurn, timed } from '../stats.ts'

const hooks = defineHooks({
  poke: event<{ app: string }>('for the figure', ['app']),
  ask: collect<{ app: string }>('for the figure', ['app']),
})

/** What a hook costs beside its handlers in process. */
export const hookModules: Row = {
  name: 'hook-modules',
  what: 'an event that 3 of 40 plugins handle in process - the three functions called alone, per handler',
  bar: atMost(20, 'µs'),
  gated: false,
  how: 'in turn, 1,000 calls of each',
  async measure(lab) {
    let called = 0
    const handle = async () => void called++
    const responders = Array.from({ length: 40 }, (_, at) => moduleHooks(`plugin-${at}`, at % 16 === 3 ? { poke: handle } : {}, {}))
    const { fire } = dispatch(hooks, responders, silent())
    const calls = 1_000
    const ours = async () => {
      for (let n = 0; n < calls; n++) await fire('poke', { app: 'shop' })
    }
    const alone = async () => {
      for (let n = 0; n < calls * 3; n++) await handle()
    }
    for (const work of [ours, alone]) await work()
    if (called !== calls * 6) throw new Error(`${called} handlers were called`)
    const medians = await inTurn(lab.rounds(21), { ours: () => timed(ours), alone: () => timed(alone) })
    const micros = (ms: number) => (ms * 1000) / (calls * 3)
    return {
      value: micros(medians.ours) - micros(medians.alone),
      said: `${micros(medians.ours).toFixed(1)} - ${micros(medians.alone).toFixed(1)} µs`,
    }
  },
}

/** What a hook costs that a process handles which is there already. */
export const hookDaemon: Row = {
  name: 'hook-daemon',
  what: 'a question that a resident plugin answers, there and back',
  bar: atMost(1, 'ms'),
  gated: false,
  how: 'the median of 100 calls at a time, one after another, once its process runs',
  async measure(lab) {
    const dir = await mkdtemp(join(tmpdir(), 'bench-daemon-'))
    const program = `import { createConnection } from 'node:net'
import { serveHooks } from ${JSON.stringify(join(root, 'plugn/serve.ts'))}
serveHooks(createConnection(process.env.PLUGN_SOCKET), async ({ args }) => ({ status: 0, answer: args[0] }))
`
    await writeFile(join(dir, 'serve.mjs'), program)
    const options = { plugin: 'answers', dir, run: [process.execPath, 'serve.mjs'], hooks: ['ask'], config: {}, env: {} }
    const all = dispatch(hooks, [residentHooks({ ...options, log: () => undefined })], silent())
    try {
      const ask = async () => {
        const [answer] = await all.collect('ask', { app: 'shop' })
        if (answer !== 'shop') throw new Error(`the answer was ${answer}`)
      }
      await ask()
      const { hundred } = await inTurn(lab.rounds(21), {
        hundred: () =>
          timed(async () => {
            for (let n = 0; n < 100; n++) await ask()
          }),
      })
      return { value: hundred / 100, said: `${((hundred / 100) * 1000).toFixed(0)} µs` }
    } finally {
      await all.close()
      await rm(dir, { recursive: true })
    }
  },
}
