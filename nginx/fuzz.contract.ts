import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import { app, applianceOf, get } from './harness.ts'
import { ask } from './socket.ts'

const nasty = fc.constantFrom(
  'a;b',
  '}',
  '{',
  'a\nb',
  '$host',
  '\\',
  '"',
  "'",
  '#',
  '\0',
  'x'.repeat(10_240),
  '',
  ' ',
  '../x',
  '*',
  '*.',
  '.',
  '-a',
  'ä',
)
const word = fc.oneof(
  { weight: 3, arbitrary: nasty },
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('1m', '10s', 'fuzz.test', '*.fuzz.test', 'on', '0'),
)
const value = fc.oneof(
  word,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(word, { maxLength: 3 }),
  fc.dictionary(word, word, { maxKeys: 3 }),
  fc.jsonValue(),
)

/** A site that is almost one: the fields there are, with good values, odd ones, and none. */
const site = fc.record(
  {
    hosts: fc.oneof(
      { weight: 3, arbitrary: fc.constant(['fuzz.test']) },
      fc.array(fc.oneof(word, fc.constant('fuzz.test')), { maxLength: 3 }),
      value,
    ),
    options: fc.oneof(
      fc.dictionary(
        fc.constantFrom('maxBodySize', 'bodyTimeout', 'proxyBuffers', 'proxyReadTimeout', 'hsts', 'headers', 'trustedProxies', 'clientCa'),
        value,
        { maxKeys: 3 },
      ),
      value,
    ),
    front: fc.oneof(
      fc.dictionary(fc.constantFrom('maintenance', 'auth', 'redirects', 'allow', 'deny', 'limits', 'pages'), value, { maxKeys: 3 }),
      value,
    ),
    listeners: fc.oneof(
      fc.array(
        fc.record({ scheme: fc.oneof(fc.constantFrom('http', 'tcp', 'grpcs'), word), port: value, route: word }, { requiredKeys: [] }),
        { maxLength: 2 },
      ),
      value,
    ),
    tls: fc.oneof(fc.record({ certificate: word, key: word }), value),
    socket: value,
    additions: fc.oneof(fc.record({ folders: value, inside: value, beside: value, files: value }), value),
  },
  { requiredKeys: [] },
)
/** One that reaches nginx: what is wrong with it, only nginx knows. */
const plausible = fc.record(
  {
    hosts: fc.constant(['fuzz.test']),
    options: fc.dictionary(
      fc.constantFrom(
        'maxBodySize',
        'bodyTimeout',
        'keepaliveTimeout',
        'proxyBufferSize',
        'proxyBusyBuffersSize',
        'proxyReadTimeout',
        'accessLog',
      ),
      fc.constantFrom('1m', '10s', '999999999999g', '0', '1k', '99999999999d', true),
      { maxKeys: 2 },
    ),
  },
  { requiredKeys: ['hosts'] },
)
const routes = fc.oneof(
  fc.array(fc.record({ address: fc.constant('127.0.0.1'), port: fc.integer({ min: 1, max: 70_000 }) })),
  fc.array(fc.record({ address: fc.oneof(fc.constant('127.0.0.1'), word), port: fc.oneof(fc.integer(), word) })),
  value,
)
const name = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('fuzz', 'one.5000') }, nasty)

/** Requests of every kind that changes something. Sites of the name `one` would be the one that is looked at. */
const change = fc.oneof(
  fc
    .tuple(name, fc.oneof({ weight: 3, arbitrary: site }, { weight: 2, arbitrary: plausible }, fc.jsonValue()))
    .map(([of, body]) => ({ path: `/sites/${encodeURIComponent(of)}`, body })),
  fc.tuple(name, routes).map(([of, body]) => ({ path: `/routes/${encodeURIComponent(of)}`, body })),
  fc
    .tuple(name, fc.oneof(fc.record({ answer: word }), value))
    .map(([of, body]) => ({ path: `/challenges/${encodeURIComponent(of)}`, body })),
  fc.oneof(fc.record({ sites: value, routes: value, home: value }, { requiredKeys: [] }), value).map((body) => ({ path: '/state', body })),
)

test('whatever the API is told, an error changes nothing, what is stored can be read, and the sites there are stay served', async (t) => {
  const { upstream } = await app(t, (_, response) => response.end('fine'))
  const { port, client, stateDir, stop, again } = await applianceOf(t)
  const one = { name: 'one', hosts: ['one.test'], options: { maxBodySize: '3m' } }
  const files = () => Promise.all(['nginx.conf', 'state.json', 'routes'].map((file) => readFile(`${stateDir}/${file}`, 'utf8')))
  const put = async (path: string, text: string) =>
    await ask(`${stateDir}/../api.sock`, 'PUT', path, { body: text, type: 'application/json' })
  await client.sync({ sites: [one], routes: { one: [upstream] } })
  let taken = 0
  await fc.assert(
    fc.asyncProperty(change, async ({ path, body }) => {
      const before = await files()
      const { status, text } = await put(path, JSON.stringify(body))
      const after = await files()
      if (status < 300) taken++
      JSON.parse(after[1] ?? '')
      if (status >= 300) {
        assert.ok([404, 422].includes(status), `${status} ${text} for ${path} ${JSON.stringify(body)}`)
        assert.deepEqual(after, before)
      }
      // A whole state that is taken may well have no such site.
      if (path === '/state' && status < 300) await client.sync({ sites: [one], routes: { one: [upstream] } })
      assert.deepEqual(await get(port, 'one.test'), { status: 200, text: 'fine' })
    }),
    { numRuns: 300 },
  )
  for (const [path, text] of [
    ['/sites/fuzz', '{'],
    ['/state', ''],
    ['/routes/fuzz', '\0'],
    ['/state', '['.repeat(100_000)],
  ] as const)
    assert.equal((await put(path, text)).status, 422, path)
  // Some of it was no mistake at all.
  assert.ok(taken > 0)
  t.diagnostic(`${taken} of 300 were taken`)
  // And what is stored is what it starts with.
  assert.equal(await stop(), 0)
  await again()
  assert.deepEqual(await get(port, 'one.test'), { status: 200, text: 'fine' })
})
