import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AppContainer } from './container.ts'
import { createApp } from './create.ts'
import { stateOnly } from './fixtures.ts'
import { formatPortMap, listenersOf, mainPort, parsePortMap, portMaps, routesOf, storePortMaps } from './ports.ts'

const instance = stateOnly({ DOKKU_HTTP_PORT: '8080', DOKKU_HTTPS_PORT: '8443' }, { network: 'host' })
const web = (port: number) => ({ process: 'web', address: '10.0.0.2', port }) as AppContainer
const mapped = async (name: string, ...words: string[]) => {
  const app = await createApp(instance, name)
  storePortMaps(app, words.map(parsePortMap))
  return app
}

test('a port map that is written is read back, and anything else is refused', () => {
  const port = fc.integer({ min: 1, max: 65535 })
  fc.assert(
    fc.property(fc.constantFrom('http', 'https', 'grpc', 'grpcs', 'tcp', 'udp'), port, port, (scheme, host, container) => {
      const word = `${scheme}:${host}:${container}`
      assert.equal(formatPortMap(parsePortMap(word)), word)
    }),
  )
  assert.deepEqual(parsePortMap('http:80'), { scheme: 'http', host: 80, container: 80 })
  for (const word of [
    '',
    'http',
    'http:0:1',
    'http:1:65536',
    'ftp:80:80',
    'http:80:5000:1',
    'http:80: 5000',
    'http:-1:5',
    'HTTP:80:80',
    'http:80:5000;',
  ])
    assert.throws(() => parsePortMap(word), { code: 'bad-port' }, word)
})

test('an app without a map is served as usual, by the port that its containers were told', async () => {
  const app = await mapped('plain')
  assert.deepEqual([listenersOf(app), mainPort(app)], [{}, undefined])
  assert.deepEqual(routesOf(app, [web(5000)]), { [app.site]: [{ address: '10.0.0.2', port: 5000 }] })
})

test('80 and 443 are the ports of the instance, each container port has a route, and that of http:80 is the main one', async () => {
  const app = await mapped('many', 'http:80:3000', 'http:9000:3000', 'tcp:5222:5222', 'grpc:50051:50051')
  assert.equal(mainPort(app), 3000)
  assert.deepEqual(listenersOf(app).listeners, [
    { scheme: 'grpc', port: 50051, route: `${app.site}.50051` },
    { scheme: 'http' },
    { scheme: 'http', port: 9000 },
    { scheme: 'tcp', port: 5222, route: `${app.site}.5222` },
  ])
  const to = (port: number) => [{ address: '10.0.0.2', port }]
  assert.deepEqual(routesOf(app, [web(5000)]), { [app.site]: to(3000), [`${app.site}.5222`]: to(5222), [`${app.site}.50051`]: to(50051) })
})

test('a port that is not an app’s to have is refused, and what was mapped stays', async () => {
  const app = await mapped('taken', 'http:80:3000')
  for (const words of [['tcp:80:1'], ['http:443:1'], ['https:80:1'], ['http:3022:1'], ['tcp:3022:1']])
    assert.throws(() => storePortMaps(app, words.map(parsePortMap)), { code: 'port-taken' }, words.join(' '))
  assert.throws(() => storePortMaps(app, ['http:9000:1', 'tcp:9000:2'].map(parsePortMap)), { code: 'bad-port' })
  assert.deepEqual(portMaps(app).map(formatPortMap), ['http:80:3000'])
  const published = await createApp(stateOnly({}, { network: 'published' }), 'shop')
  assert.throws(() => storePortMaps(published, [parsePortMap('http:9000:1')]), { code: 'port-taken', message: /published/ })
  storePortMaps(published, [parsePortMap('http:80:1')])
})
