import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { createApp } from './create.ts'
import { stateOnly } from './fixtures.ts'
import type { Collect } from './hooks.ts'
import { assertHostsFree, parseHostName } from './hosts.ts'

/** An instance with a plugin that chooses the hosts of apps. */
function choosing(choose: (name: string) => string | undefined) {
  const asked: unknown[] = []
  const collect = (async (_hook: string, input: { app: string }) => {
    asked.push(input)
    return [choose(input.app)].filter((answer) => answer !== undefined)
  }) as unknown as Collect
  return { asked, instance: stateOnly({ DOKKU_HOSTNAME: 'example.com' }, { collect, log: pino({ level: 'silent' }) }) }
}

test('a plugin chooses the default host of an app when it gets its name, and nobody else may have it then', async () => {
  const { asked, instance } = choosing((name) => (name === 'apex' ? 'Example.com\n' : undefined))
  const [apex, shop] = [await createApp(instance, 'apex'), await createApp(instance, 'shop')]
  assert.deepEqual(asked[0], { app: 'apex', subdomain: 'apex', vhost: 'example.com' })
  assert.deepEqual([apex.hosts, shop.hosts], [['example.com'], ['shop.example.com']])
  assert.throws(() => assertHostsFree(shop, ['example.com']), { code: 'domain-taken' })
  assertHostsFree(shop, ['apex.example.com'])
  apex.domains.remove(['example.com'])
  assert.deepEqual(apex.hosts, [])
  assertHostsFree(shop, ['example.com'])
})

test('a plugin that fails, names no host or one of another app leaves the host as usual', async () => {
  const answers: Record<string, string> = { a: 'a b', b: 'a.example.com', c: '' }
  const { instance } = choosing((name) => {
    if (name === 'd') throw new Error('no')
    return answers[name]
  })
  for (const name of ['a', 'b', 'c', 'd']) assert.deepEqual((await createApp(instance, name)).hosts, [`${name}.example.com`])
})

test('two apps of one name are never made at once', async () => {
  const { instance } = choosing(() => undefined)
  const made = await Promise.allSettled([createApp(instance, 'shop'), createApp(instance, 'shop')])
  assert.deepEqual(made.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  assert.equal(made.find((one) => one.status === 'rejected')?.reason.code, 'app-exists')
})

test('parseHostName takes domains, wildcards and names with other letters', () => {
  assert.equal(parseHostName('www.Example.com'), 'www.example.com')
  assert.equal(parseHostName('*.example.com'), '*.example.com')
  assert.equal(parseHostName('bücher.example'), 'xn--bcher-kva.example')
  assert.equal(parseHostName('localhost'), 'localhost')
})

test('parseHostName refuses what nginx could misread and what is no host', () => {
  for (const word of [
    '',
    '*',
    '*.',
    'a b',
    'a;b',
    'a{b',
    'a\nb',
    '-a.com',
    'a..b',
    'http://a.com',
    'a.com/x',
    'a.com:80',
    '~^x',
    '_',
    '$host',
    `${'a'.repeat(64)}.com`,
  ])
    assert.throws(() => parseHostName(word), { code: 'bad-domain' }, JSON.stringify(word))
})
