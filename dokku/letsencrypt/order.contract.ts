import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { newAccountKey, obtain } from '#lib/acme/mod.ts'
import { pebble } from '#lib/acme/pebble.fixture.ts'
import { stateOnly } from '../fixtures.ts'
import { choicesOf } from './choices.ts'
import { byAccount } from './order.ts'

test('an account that the authority forgot is made anew, and kept', async (t) => {
  const server = await pebble(t)
  const { directory } = server.authority
  const instance = stateOnly({}, { ca: server.authority.ca })
  const name = `letsencrypt account ${directory}`
  const lost = JSON.stringify({ key: newAccountKey(), url: new URL('/my-account/999', directory).href })
  instance.properties.set(name, lost)
  instance.properties.set('letsencrypt server', directory)
  const order = { hosts: ['one.example.com'], solvers: { dns: { put: server.setText, remove: server.clearText } } }
  const get = async () => await byAccount(instance, choicesOf(instance), async (talk) => await obtain(talk, order))
  assert.ok(new X509Certificate((await get()).chain).checkHost('one.example.com'))
  const found = instance.properties.get(name)
  assert.notEqual(found, lost)
  await get()
  assert.equal(instance.properties.get(name), found)
})
