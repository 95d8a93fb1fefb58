import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maybeApp } from './app.ts'
import { checksList, isListed, storeChecksList } from './checks.ts'
import { stateOnly } from './fixtures.ts'
import { oldVariableNotes } from './old-variables.ts'
import { portMaps } from './ports.ts'

function shop() {
  const instance = stateOnly()
  instance.db.run("INSERT INTO apps (name, created_at) VALUES ('shop', '2026-01-01T00:00:00Z')")
  const app = maybeApp(instance, 'shop')
  assert.ok(app)
  return app
}

test('an old variable counts as the property that took its place, until that is set', () => {
  const app = shop()
  assert.equal(app.properties.get('ps start-cmd'), undefined)
  app.config.set({ DOKKU_DOCKERFILE_START_CMD: 'node a.js', DOKKU_PROXY_PORT_MAP: 'http:80:3000' })
  assert.equal(app.properties.get('ps start-cmd'), 'node a.js')
  assert.deepEqual(portMaps(app), [{ scheme: 'http', host: 80, container: 3000 }])
  app.properties.set('ports map', 'http:80:4000')
  assert.deepEqual(portMaps(app), [{ scheme: 'http', host: 80, container: 4000 }])
})

test('an old variable that is not understood counts for nothing', () => {
  const app = shop()
  for (const wrong of ['nonsense', 'http:80:70000', 'http:80:3000 x', '']) {
    app.config.set({ DOKKU_PROXY_PORT_MAP: wrong })
    assert.deepEqual(portMaps(app), [], wrong)
  }
  assert.match(oldVariableNotes('shop', { DOKKU_PROXY_PORT_MAP: 'x' }).join(), /is not understood; say ports:set shop MAP/)
})

test('old variables are named with what to say in their place', () => {
  const notes = oldVariableNotes('shop', { DOKKU_WAIT_TO_RETIRE: '5', DOKKU_SKIP_CLEANUP: 'true', PORT: '1', constructor: 'x' })
  assert.deepEqual(notes, [
    'DOKKU_WAIT_TO_RETIRE is an old way to say checks:set shop wait-to-retire VALUE',
    'DOKKU_SKIP_CLEANUP has no effect: in its place there is releases:set retention',
  ])
})

test('a list that somebody emptied stays empty, whatever an old variable says', () => {
  const app = shop()
  app.config.set({ DOKKU_CHECKS_DISABLED: 'web' })
  assert.equal(isListed(app, 'disabled', 'web'), true)
  storeChecksList(app, 'disabled', [])
  assert.equal(isListed(app, 'disabled', 'web'), false)
  assert.deepEqual(checksList(app, 'disabled'), [])
  storeChecksList(app, 'disabled', ['worker'])
  assert.deepEqual(checksList(app, 'disabled'), ['worker'])
})
