import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { eventually, ok, repo, startInstance, underLoad, versions } from './harness.ts'

// As on Docker Desktop and rootless engines, where the host's network is not one that anybody could reach.
const instance = await startInstance({ suffix: 'published', env: { DOKKU_NETWORK: 'published' } })
const work = await repo(versions)
after(() => Promise.all([instance.remove(), work.remove()]))
const { ssh, engine, name } = instance

test('a push deploys where the appliance publishes its ports', async () => {
  ok(await ssh('apps:create', 'app'))
  ok(await ssh('config:set', '--no-restart', 'app', 'VERSION=one'))
  const { stderr, exitCode } = await instance.push(work, 'app')
  assert.equal(exitCode, 0, stderr)
  assert.equal((await instance.fetch('app')).body, 'one')
})

test('a deploy fails no request where the appliance publishes its ports', async () => {
  await underLoad(
    instance.target('app'),
    async () => {
      ok(await ssh('config:set', 'app', 'VERSION=two'))
      ok(await ssh('ps:scale', 'app', 'web=2'))
      assert.equal((await instance.fetch('app')).body, 'two')
    },
    { clients: 4 },
  )
})

test('apps cannot reach each other where the appliance publishes its ports', async () => {
  ok(await ssh('apps:create', 'other'))
  const { stderr, exitCode } = await instance.push(work, 'other')
  assert.equal(exitCode, 0, stderr)
  const address = await engine.lines(
    'inspect',
    '--format',
    '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
    `${name}-other.web.1`,
  )
  const reach = `fetch('http://${address[0]}:5000', { signal: AbortSignal.timeout(3000) }).then(() => process.exit(0), () => process.exit(9))`
  assert.equal((await ssh('run', 'app', 'node', '-e', reach)).exitCode, 9)
})

test('an app reaches what it is linked to where the appliance publishes its ports, and other apps do not', async () => {
  const server = `${name.replace('published', 'linked')}-server`
  const program = `require('node:http').createServer((_, response) => response.end('here')).listen(8080)`
  after(() => engine.docker(['rm', '--force', server]))
  ok(await engine.docker(['run', '--detach', '--name', server, 'node:24-slim', 'node', '-e', program]))
  ok(await ssh('docker-options:add', 'app', 'deploy,run', `--link ${server}:server`))
  ok(await ssh('ps:restart', 'app'))
  const reach = `fetch('http://server:8080').then((r) => r.text()).then(console.log, () => process.exit(9))`
  await eventually(async () => assert.equal(ok(await ssh('enter', 'app', 'web', 'node', '-e', reach)), 'here\n'))
  assert.equal((await ssh('run', 'other', 'node', '-e', reach)).exitCode, 9)
  ok(await engine.docker(['rm', '--force', server]))
})

test('a replaced appliance serves again where it publishes its ports', async () => {
  ok(await engine.docker(['rm', '--force', `${name}-nginx`]))
  await eventually(async () => assert.equal((await instance.fetch('app', '/', { timeoutMs: 2_000 })).body, 'two'), 60)
})

test('apps:destroy removes the network of the app', async () => {
  const networks = () => engine.lines('network', 'ls', '--format', '{{.Name}}', '--filter', `label=dokku.instance=${name}`)
  const before = (await networks()).length
  ok(await ssh('apps:destroy', 'other', '--force'))
  assert.equal((await networks()).length, before - 1)
})
