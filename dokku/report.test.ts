import assert from 'node:assert/strict'
import { test } from 'node:test'
import { propertyFields } from './computed-property.ts'
import type { Context } from './context.ts'
import { createApp } from './create.ts'
import { stateOnly } from './fixtures.ts'
import { reportCommand } from './report.ts'

test('a report of many apps is few messages, and looks up what they have in common once', async () => {
  const instance = stateOnly({}, { plugins: { handles: async () => false } as never })
  for (const name of ['blog', 'shop']) (await createApp(instance, name)).properties.set('demo colour', `${name} red`)
  const said: string[] = []
  const identity = { name: 'ada', role: () => 'admin' as const, credential: 'key' }
  const context = { instance, identity, output: { line: (text: string) => said.push(text) } } as unknown as Context
  const { run } = reportCommand('demo', {
    'demo-colour': (one) => one.properties.get('demo colour') ?? '',
    'demo-lines': async () => 'one\ntwo',
  })
  await run({ args: { app: undefined }, flags: {}, context })
  assert.deepEqual(said, [
    ['blog', 'shop']
      .map(
        (name) =>
          `=====> ${name} demo information\n       Demo colour:                   ${name} red\n       Demo lines:                    one\n       two`,
      )
      .join('\n'),
  ])
  let queries = 0
  const counting = new Proxy(instance.db, {
    get: (target, key) => {
      if (key === 'all' || key === 'get') queries += 1
      return Reflect.get(target, key)
    },
  })
  for (let n = 0; n < 50; n++) await createApp(instance, `app-${n}`)
  Object.assign(instance, { db: counting })
  await run({ args: { app: undefined }, flags: { 'demo-colour': true }, context })
  assert.ok(queries < 10, `${queries} queries`)
  assert.deepEqual(
    said.slice(1).map((text) => text.split('\n').length),
    [40, 12],
  )
})

test('a report with --global is of what holds for every app that has no setting of its own', async () => {
  const instance = stateOnly()
  instance.properties.set('demo colour', 'red')
  const said: string[] = []
  const context = { instance, output: { line: (text: string) => said.push(text) } } as unknown as Context
  const { run, flags } = reportCommand('demo', { ...propertyFields('demo', 'colour'), 'demo-other': () => 'x' })
  assert.ok('global' in flags)
  await run({ args: { app: undefined }, flags: { global: true }, context })
  await run({ args: { app: undefined }, flags: { global: true, format: 'json' }, context })
  assert.deepEqual(said, [
    '=====> global demo information\n       Demo global colour:            red',
    JSON.stringify({ 'global-colour': 'red' }),
  ])
  assert.equal('global' in reportCommand('demo', { 'demo-other': () => 'x' }).flags, false)
})
