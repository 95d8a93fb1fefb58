import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { added, app, applianceOf, freePort, get, type Running } from '../harness.ts'
import { check } from '../process.ts'
import { ask } from '../socket.ts'

/** One request to the API and its answer, as anybody makes it. */
async function asks(running: Running, method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return await ask(running.socket, method, path, body === undefined ? {} : { body: text })
}

async function is(running: Running, wanted: number, method: string, path: string, body?: unknown): Promise<string> {
  const { status, text } = await asks(running, method, path, body)
  assert.equal(status, wanted, `${method} ${path}: ${text}`)
  return text
}

const site = (port: number, name: string) => ({ listen: port, location: { '/': { return: [200, name] } } })

test('the REST table of the first appliance holds, row by row', async (t) => {
  const running = await applianceOf(t)
  const [one, two] = [await freePort(), await freePort()]
  const ok = (method: string, path: string, body?: unknown) => is(running, 200, method, path, body)
  assert.equal(await ok('GET', '/v1/config/'), '{}\n')
  for (const method of ['GET', 'POST']) assert.equal((await asks(running, method, '/v1/config')).status, 301)
  await ok('PUT', '/v1/config/http', { server: [] })

  // Append to a list, merge into an object, one level deep.
  await ok('POST', '/v1/config/http/server', site(one, 'one'))
  assert.equal((await get(one, 'any.test')).text, 'one')
  await ok('POST', '/v1/config/http', { upstream: { app: { server: { '127.0.0.1:9': { weight: 5 } } } } })
  await ok('POST', '/v1/config/http', { upstream: { bar: { server: '127.0.0.1:9' } } })
  assert.deepEqual(JSON.parse(await ok('GET', '/v1/config/http/upstream')), { bar: { server: '127.0.0.1:9' } })

  // Scalars, and what is not there, come in a list.
  assert.equal(await ok('GET', '/v1/config/http/server/0/listen'), `[${one}]\n`)
  assert.equal(await ok('GET', '/v1/config/http/nothing'), '[null]\n')
  assert.equal(await ok('GET', '/v1/config/http/server/-1'), '[null]\n')

  await is(running, 405, 'POST', '/v1/config/http/server/0/listen', 5)
  await is(running, 405, 'POST', '/v1/config/nothing', {})
  await is(running, 400, 'POST', '/v1/config/http', '{ "a": ')
  await is(running, 400, 'PUT', '/v1/config/http', '')

  await ok('PUT', '/v1/config/http/server/0', site(two, 'two'))
  assert.equal((await get(two, 'any.test')).text, 'two')
  await is(running, 400, 'PUT', '/v1/config/http/server/-1', site(two, 'x'))
  await is(running, 400, 'PUT', '/v1/config/http/server/1', site(two, 'x'))
  await is(running, 400, 'PUT', '/v1/config/no/where', 1)
  await ok('DELETE', '/v1/config/http/nothing')
  await ok('DELETE', '/v1/config/no/where')
  await ok('DELETE', '/v1/config/http/upstream')
  await ok('DELETE', '/v1/config/http/server/0')
  assert.deepEqual(JSON.parse(await ok('GET', '/v1/config/')), { http: { server: [] } })
  await assert.rejects(get(two, 'any.test'))

  for (const [method, path] of [
    ['PATCH', '/v1/config/http'],
    ['PUT', '/v1/render'],
    ['DELETE', '/v1/render'],
    ['GET', '/v1/changes'],
  ] as const)
    await is(running, 405, method, path)
  for (const path of ['/v1/nothing', '/v1', '/v1/configuration']) await is(running, 404, 'GET', path)

  await ok('PUT', '/v1/config/http', { server: [site(one, 'one')] })
  const text = `http {\n\tserver {\n\t\tlisten ${one};\n\t\tlocation / {\n\t\t\treturn 200 one;\n\t\t}\n\t}\n}\n`
  assert.equal(await ok('GET', '/v1/render'), text)
  const before = await running.workers()
  assert.equal(
    await ok('POST', '/v1/render', { http: { server: [site(two, 'two')] } }),
    text.replace(`${one}`, `${two}`).replace('one', 'two'),
  )
  assert.match(await is(running, 400, 'POST', '/v1/render', { http: { server: [{ gzip: 'maybe' }] } }), /invalid value \\"maybe\\"/)
  assert.deepEqual(added(before, await running.workers()), [])
  assert.equal((await get(one, 'any.test')).text, 'one')
})

test('a change that nginx refuses leaves the tree, its text and nginx as they were, and answers its words', async (t) => {
  const running = await applianceOf(t)
  const port = await freePort()
  await is(running, 200, 'PUT', '/v1/config/http', { server: [site(port, 'good')] })
  const before = [await is(running, 200, 'GET', '/v1/config/'), await is(running, 200, 'GET', '/v1/render'), await running.workers()]
  const said = await is(running, 400, 'POST', '/v1/config/http/server', { listen: port, root: '/srv', try_files: '$uri' })
  assert.match(said, /invalid number of arguments in \\"try_files\\"/)
  assert.match(await is(running, 400, 'POST', '/v1/config/http/server/0', { load_module: '/x.so' }), /may not say load_module/)
  const upstream = { app: { server: 'no-such-name.invalid' } }
  assert.match(await is(running, 400, 'POST', '/v1/config/http', { upstream }), /host not found in upstream/)
  const after = [await is(running, 200, 'GET', '/v1/config/'), await is(running, 200, 'GET', '/v1/render'), await running.workers()]
  assert.deepEqual(after, before)
  assert.equal((await get(port, 'any.test')).text, 'good')
  await running.stop()
  await running.again()
  assert.equal(await is(running, 200, 'GET', '/v1/config/'), before[0])
  assert.equal((await get(port, 'any.test')).text, 'good')
})

test('several changes are one: all with one reload, or none', async (t) => {
  const running = await applianceOf(t)
  const [one, two] = [await freePort(), await freePort()]
  const changes = [
    { method: 'PUT', path: '/http', value: { server: [site(one, 'one')] } },
    { method: 'POST', path: '/http/server', value: site(two, 'two') },
    { method: 'DELETE', path: '/stream' },
  ]
  const before = await running.workers()
  await is(running, 200, 'POST', '/v1/changes', changes)
  assert.equal(added(before, await running.workers()).length, before.length)
  assert.equal((await get(one, 'any.test')).text + (await get(two, 'any.test')).text, 'onetwo')
  const bad = [
    { method: 'DELETE', path: '/http' },
    { method: 'PUT', path: '/http/server', value: [] },
  ]
  assert.match(await is(running, 400, 'POST', '/v1/changes', bad), /there is nothing at \/http/)
  assert.equal((await get(one, 'any.test')).text, 'one')
})

test('sites and the tree live in one nginx, on one port: each has its hosts, and the tree what is nobody’s', async (t) => {
  const running = await applianceOf(t)
  const { client, port } = running
  const { upstream } = await app(t, (_, response) => response.end('app'))
  await client.putSite({ name: 'shop', hosts: ['shop.test', '*.shop.test'] })
  await client.setRoutes('shop', [upstream])
  const named = { ...site(port, 'tree'), server_name: 'tree.test *.test' }
  await is(running, 200, 'PUT', '/v1/config/http', { gzip: false, server: [site(port, 'nobody'), named] })
  const seen = async (host: string) => (await get(port, host)).text
  assert.deepEqual(await Promise.all(['shop.test', 'a.shop.test', 'tree.test', 'b.test', 'elsewhere.example'].map(seen)), [
    'app',
    'app',
    'tree',
    'tree',
    'nobody',
  ])
  assert.match(await is(running, 400, 'PUT', '/v1/config/http/server/1/server_name', '"shop.test"'), /conflicting server name/)
  await assert.rejects(client.putSite({ name: 'thief', hosts: ['tree.test'] }), { code: 'site-refused' })
  await is(running, 200, 'DELETE', '/v1/config/http')
  assert.equal(await seen('shop.test'), 'app')
  await assert.rejects(seen('elsewhere.example'))
})

test('a value in the tree is what its file held, and the default where there is none', async (t) => {
  const values = async (running: Running, text: string) => {
    await mkdir(`${running.stateDir}/values/shop`, { recursive: true })
    await writeFile(`${running.stateDir}/values/shop/word`, text)
  }
  const running = await applianceOf(t)
  const port = await freePort()
  const location = { '/': { return: [200, { $value: '/shop/word', default: 'none' }] } }
  await is(running, 200, 'PUT', '/v1/config/http', { server: [{ listen: port, location }] })
  assert.equal((await get(port, 'any.test')).text, 'none')
  await values(running, 'more\n')
  await is(running, 200, 'POST', '/v1/changes', [])
  assert.equal((await get(port, 'any.test')).text, 'more')
  await values(running, 'x; } }')
  assert.match(await is(running, 400, 'POST', '/v1/changes', []), /would end the directive/)
  assert.equal((await get(port, 'any.test')).text, 'more')
  await is(running, 400, 'PUT', '/v1/config/http/server/0/index', { $file: '/../../etc/passwd' })
})

test('a tree that nginx does not take at the start is kept, and everything else is served', async (t) => {
  const running = await applianceOf(t)
  const { upstream } = await app(t, (_, response) => response.end('app'))
  await running.client.putSite({ name: 'shop', hosts: ['shop.test'] })
  await running.client.setRoutes('shop', [upstream])
  const port = await freePort()
  await is(running, 200, 'PUT', '/v1/config/http', { server: [site(port, 'tree')] })
  await running.stop()
  const file = `${running.stateDir}/state.json`
  await writeFile(file, (await readFile(file, 'utf8')).replace('"return"', '"gzip"'))
  await running.again()
  assert.equal((await get(running.port, 'shop.test')).text, 'app')
  assert.match(running.log(), /starting without the tree/)
  assert.match(await is(running, 200, 'GET', '/v1/config/http/server/0/location'), /gzip/)
  await running.client.putSite({ name: 'blog', hosts: ['blog.test'] })
  await is(running, 200, 'PUT', '/v1/config/http/server/0', site(port, 'again'))
  assert.equal((await get(port, 'any.test')).text, 'again')
})

test('what a tree proxies to cannot be the appliance’s own socket, not even by a variable', async (t) => {
  const running = await applianceOf(t)
  const port = await freePort()
  await is(running, 200, 'PUT', '/v1/config/http', { server: [{ listen: port, location: { '/': { proxy_pass: 'http://$arg_to' } } }] })
  const socket = `${running.stateDir.replace(/state$/, 'run')}/nginx.sock`
  assert.equal((await get(port, 'any.test', { path: `/?to=unix:${socket}:/health` })).status, 502)
})

test('a check that takes too long is refused, not waited for', async (t) => {
  const { stateDir } = await applianceOf(t)
  assert.match((await check(`${stateDir}/nginx.conf`, AbortSignal.abort())) ?? '', /still looking/)
})
