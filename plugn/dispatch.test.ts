import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { after, test } from 'node:test'
import { UserError } from '#lib/errors.ts'
import { collect, defineHooks, event, select } from './catalogue.ts'
import { dispatch, silent } from './dispatch.ts'
import { executables } from './executable.ts'
import { moduleHooks } from './module.ts'
import type { Responder } from './responder.ts'

const hooks = defineHooks({
  'post-deploy': event<{ app: string; version: number }>('the new containers serve', ['app', 'version']),
  'post-stop': event<{ app: string }>('it is stopped', ['app'], { failing: 'passed over' }),
  'quick-check': event<{ app: string }>('must be quick', ['app'], { timeoutMs: 50 }),
  'quick-hint': event<{ app: string }>('may be slow', ['app'], { timeoutMs: 50, late: 'passed over' }),
  'builder-detect': select<{ dir: string }>('names the driver', ['dir']),
  'cron-entries': collect<{ scheduler: string }>('lines of the crontab', ['scheduler']),
})

const folder = await mkdtemp(join(tmpdir(), 'dispatch-'))
after(() => rm(folder, { recursive: true }))

async function scripted(plugin: string, files: Record<string, string>) {
  const dir = join(folder, plugin)
  await mkdir(dir)
  for (const [name, body] of Object.entries(files)) await writeFile(join(dir, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  return executables({ plugin, dir, variables: { CONFIG_WORD: plugin } })
}

test('fire calls modules and executables in order and stops at the first that fails', async () => {
  const seen: unknown[] = []
  const one = moduleHooks('one', { 'post-deploy': async (input: object) => void seen.push(input) }, {})
  const two = await scripted('two', { 'post-deploy': '[ "$1 $2 $CONFIG_WORD" = "shop 3 two" ] || exit 9; exit 7' })
  const three = moduleHooks('three', { 'post-deploy': async () => void seen.push('three') }, {})
  const { fire } = dispatch(hooks, [one, two, three], silent())
  await assert.rejects(fire('post-deploy', { app: 'shop', version: 3 }), { code: 'hook-failed', exitCode: 7 })
  assert.deepEqual(seen, [{ app: 'shop', version: 3 }])
})

test('where what happened cannot be refused, a handler that fails is said and the next is called', async () => {
  const called: string[] = []
  const one = await scripted('fails', { 'post-stop': 'exit 3' })
  const two = moduleHooks('goes on', { 'post-stop': () => void called.push('two') }, {})
  const stderr = new PassThrough({ encoding: 'utf8' })
  await dispatch(hooks, [one, two], { ...silent(), stderr }).fire('post-stop', { app: 'shop' })
  assert.deepEqual(called, ['two'])
  assert.match(stderr.read(), /the plugin fails failed at post-stop: exit status 3: passed over/)
})

test('the error of a handler in process is the error of the event', async () => {
  const refuse = () => {
    throw new UserError('refused', 'not today')
  }
  const { fire } = dispatch(hooks, [moduleHooks('one', { 'post-deploy': refuse }, {})], silent())
  await assert.rejects(fire('post-deploy', { app: 'shop', version: 1 }), { code: 'refused' })
})

test('select takes the first answer, by whom, and passes over those without one', async () => {
  const shy = moduleHooks('shy', { 'builder-detect': () => undefined }, {})
  const mute = await scripted('mute', { 'builder-detect': 'exit 0' })
  const unfit = await scripted('unfit', { 'builder-detect': 'echo unfit; exit 1' })
  const fit = await scripted('fit', { 'builder-detect': 'echo "pack $1"' })
  const late = moduleHooks('late', { 'builder-detect': () => assert.fail('was asked') }, {})
  const { select: choose } = dispatch(hooks, [shy, mute, unfit, fit, late], silent())
  assert.deepEqual(await choose('builder-detect', { dir: '/src' }), { plugin: 'fit', answer: 'pack /src' })
})

test('collect joins all answers in order', async () => {
  const lines = await scripted('lines', { 'cron-entries': 'echo "* * * * *;$1"; echo second' })
  const value = moduleHooks('value', { 'cron-entries': async () => 'third' }, {})
  const { collect: gather } = dispatch(hooks, [lines, value], silent())
  assert.deepEqual(await gather('cron-entries', { scheduler: 'docker-local' }), ['* * * * *;docker-local\nsecond', 'third'])
})

test('a handler that is too slow is ended, and fails the hook only where the catalogue says so', async () => {
  const slow = await scripted('slow', { 'quick-check': 'sleep 60', 'quick-hint': 'sleep 60' })
  const next: string[] = []
  const after = moduleHooks('after', { 'quick-hint': () => void next.push('called') }, {})
  const { fire } = dispatch(hooks, [slow, after], silent())
  await assert.rejects(fire('quick-check', { app: 'shop' }), { code: 'hook-timeout' })
  await fire('quick-hint', { app: 'shop' })
  assert.deepEqual(next, ['called'])
})

test('a program that leaves a process with its pipes behind, reads nothing or answers 100 MB does not hold up a hook', async () => {
  const forks = await scripted('forks', { 'cron-entries': 'sleep 60 & echo done' })
  assert.deepEqual(await dispatch(hooks, [forks], silent()).collect('cron-entries', { scheduler: 'x' }), ['done'])
  const floods = await scripted('floods', { 'cron-entries': 'head -c 100000000 /dev/zero' })
  await assert.rejects(dispatch(hooks, [floods], silent()).collect('cron-entries', { scheduler: 'x' }), { code: 'hook-output' })
})

test('trigger passes words and exit statuses through, of hooks that no catalogue knows too', async () => {
  const odd = await scripted('odd', { 'service-action': '[ $# = 3 ] && [ -z "$2" ] && exit 4', killed: 'kill -9 $$' })
  const { trigger } = dispatch(hooks, [odd], silent())
  assert.equal(await trigger('service-action', ['pre', '', 'a b']), 4)
  assert.equal(await trigger('killed', []), 137)
  assert.equal(await trigger('nobody-has-it', []), 0)
})

test('trigger prints what handlers in process answer: a text as it is, a list as lines, anything else as JSON', async () => {
  const answers = ['text', ['a', 'b'], { key: 1 }, undefined, 5]
  const responders = answers.map((answer): Responder => ({ plugin: 'one', handles: () => true, call: () => ({ status: 0, answer }) }))
  const stdout = new PassThrough()
  assert.equal(await dispatch({}, responders, silent()).trigger('any', [], { stdout }), 0)
  assert.equal(String(stdout.read()), 'text\na\nb\n{"key":1}\n5\n')
})

test('a hook that is called like what every object has is a hook like others', async () => {
  for (const name of ['constructor', 'toString', '__proto__']) {
    const odd = await scripted(`odd-${name}`, { [name]: 'exit 4' })
    assert.equal(await dispatch(hooks, [odd], silent()).trigger(name, []), 4)
  }
})
