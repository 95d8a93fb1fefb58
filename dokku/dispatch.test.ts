import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { pino } from 'pino'
import type { Session } from '#execd'
import { createApp } from './create.ts'
import { dispatcher } from './dispatch.ts'
import { stateOnly } from './fixtures.ts'
import { lastEvents } from './journal.ts'
import { loadPlugins } from './plugins.ts'
import type { gitDoor } from './push.ts'

const plugins = await loadPlugins()
const noGit = { serves: () => false } as unknown as ReturnType<typeof gitDoor>

/** An instance with the app shop, and how to type a command as the local admin; answers the exit status. */
async function admin() {
  const instance = Object.assign(stateOnly(), {
    log: pino({ level: 'silent' }),
    inOrder: Object.assign(<T>(_: unknown, work: () => Promise<T>) => work(), { busy: () => false }),
  })
  await createApp(instance, 'shop')
  const dispatch = dispatcher(instance, { current: plugins, environment: () => ({}) }, noGit)
  const type = async (...args: string[]) => {
    let status = -1
    const streams = { stdin: new PassThrough(), stdout: new PassThrough().resume(), stderr: new PassThrough().resume() }
    const exit = async (code: number) => {
      status = code
    }
    await dispatch({ header: { mode: 'argv', args }, closed: new AbortController().signal, ...streams, exit } as unknown as Session)
    return status
  }
  return { instance, type, events: () => lastEvents(instance.db, { count: 10 }).map(({ app, by, text }) => ({ app, by, text })) }
}

test('a command that changes something is an event: who, which app, what, and never a secret', async () => {
  const { type, events } = await admin()
  assert.equal(await type('config:set', '--no-restart', 'shop', 'TOKEN=hidden'), 0)
  assert.equal(await type('--app', 'shop', 'apps:lock'), 0)
  assert.deepEqual(events(), [
    { app: 'shop', by: 'admin', text: 'config:set --no-restart TOKEN' },
    { app: 'shop', by: 'admin', text: 'apps:lock' },
  ])
})

test('a command that only looks is no event, nor is one that was not understood', async () => {
  const { type, events } = await admin()
  for (const line of [['apps:list'], ['config:show', 'shop'], ['ps:scale', 'shop'], ['apps:locked', 'shop'], ['config:set', 'shop', 'x']])
    await type(...line)
  assert.deepEqual(events(), [])
})

test('a command that failed is an event that says so', async () => {
  const { type, events } = await admin()
  assert.equal(await type('ps:stop', 'shop'), 1)
  assert.deepEqual(events(), [{ app: 'shop', by: 'admin', text: 'ps:stop (failed: not-deployed)' }])
})
