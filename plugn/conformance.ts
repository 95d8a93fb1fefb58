import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { test } from 'node:test'
import { defineHooks, event, select } from './catalogue.ts'
import { type Around, dispatch, silent } from './dispatch.ts'
import type { Responder } from './responder.ts'

/** What the handlers of every form do, so that one suite can ask them all. */
export const behaviours = {
  args: 'writes its arguments as JSON, and "heard" to standard error',
  copy: 'copies standard input to standard output',
  fails: 'exits with 7',
  word: 'writes its setting "word"',
  deaf: 'reads nothing and exits with 0',
  floods: 'writes 100 MB',
  sleeps: 'does not end by itself',
} as const

const quick = { timeoutMs: 300 }
const hooks = defineHooks({
  args: event<{ words: readonly string[] }>('arguments', ['words']),
  copy: event<object>('input', []),
  fails: event<object>('failure', []),
  word: select<object>('settings', []),
  deaf: event<object>('reads nothing', []),
  floods: event<object>('a lot', []),
  sleeps: event<object>('slow', [], { ...quick, late: 'stops' }),
})

/** One suite for every form of handler; `make` gives a handler of that form with all behaviours, and the setting `word`. */
export function conforms(form: string, make: (settings: { word: string }) => Promise<Responder>): void {
  /** Calls a hook, and gives what it wrote. */
  async function call(hook: keyof typeof hooks, around: Partial<Around> & { words?: readonly string[]; word?: string } = {}) {
    const responder = await make({ word: around.word ?? 'none' })
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    let length = 0
    const texts = [stdout, stderr].map((stream) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length < 1e6) chunks.push(chunk)
      })
      return () => Buffer.concat(chunks).toString()
    })
    const all = dispatch(hooks, [responder], { ...silent(), ...around, stdout, stderr })
    try {
      const status = await all.trigger(hook, around.words ?? [])
      return { status, stdout: texts[0]?.() ?? '', stderr: texts[1]?.() ?? '', length }
    } finally {
      await all.close()
    }
  }

  test(`${form}: arguments arrive byte for byte, empty ones too, and both outputs are apart`, async () => {
    const words = ['a b', '', '$HOME `x` "q" \'s\'', 'ü\n☃', '-e', '*']
    const { status, stdout, stderr } = await call('args', { words })
    assert.deepEqual([status, JSON.parse(stdout), stderr.trim()], [0, words, 'heard'])
  })

  test(`${form}: standard input arrives whole, and its end does`, async () => {
    const text = 'line\n'.repeat(50_000)
    const { status, stdout } = await call('copy', { stdin: Readable.from([text.slice(0, 100_000), text.slice(100_000)]) })
    assert.deepEqual([status, stdout === text], [0, true])
  })

  test(`${form}: the exit status is the handler's`, async () => {
    assert.equal((await call('fails')).status, 7)
  })

  test(`${form}: a handler sees its own settings`, async () => {
    assert.equal((await call('word', { word: 'mine `x` $y' })).stdout.trim(), 'mine `x` $y')
  })

  test(`${form}: a handler that reads none of a long input, and one that writes 100 MB, are none the worse`, async () => {
    assert.equal((await call('deaf', { stdin: Readable.from(['x'.repeat(1_000_000)]) })).status, 0)
    assert.deepEqual((await call('floods')).length, 100_000_000)
  })

  test(`${form}: a handler that is too slow ends the hook, not the host`, async () => {
    assert.equal((await call('sleeps')).status, 124)
  })

  test(`${form}: a failure stops the handlers after it`, async () => {
    const called: string[] = []
    const next: Responder = { plugin: 'next', handles: () => true, call: () => ({ status: called.push('next') * 0 }) }
    const all = dispatch(hooks, [await make({ word: '' }), next], silent())
    await assert.rejects(all.fire('fails', {}), { exitCode: 7 })
    await all.fire('deaf', {})
    await all.close()
    assert.deepEqual(called, ['next'])
  })
}
