import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { eventually, failed, ok, repo, startInstance, versions } from './harness.ts'

const instance = await startInstance({ suffix: 'appjson' })
const described = (more: object) => `// who we are\n${JSON.stringify(more, undefined, 1)}`
const work = await repo({ ...versions, Procfile: 'web: exec node server.mjs\nrelease: echo releasing; test -f built\n' })
after(() => Promise.all([instance.remove(), work.remove()]))
const { ssh, push } = instance
const variables = {
  VERSION: 'one',
  SECRET_KEY: { generator: 'secret' },
  STRIPE_KEY: { description: 'of the shop', required: true },
}
const scripts = {
  postdeploy: 'echo first of all',
  dokku: { predeploy: 'echo "built with $STRIPE_KEY" | tee built', postdeploy: 'echo after $VERSION' },
}

test('a variable that app.json wants and nobody gave declines the push before the build, with the words to type', async () => {
  await work.commit({ 'app.json': described({ env: variables, scripts }) })
  const { stdout, stderr, exitCode } = await push(work, 'shop')
  assert.equal(exitCode, 1)
  assert.match(stdout + stderr, /wants STRIPE_KEY \(of the shop\)[\s\S]*config:set shop STRIPE_KEY=VALUE/)
  assert.doesNotMatch(stdout + stderr, /FROM node/)
})

test('a first push runs predeploy, release and both postdeploys, and sets what env says', async () => {
  ok(await ssh('config:set', '--no-restart', 'shop', 'STRIPE_KEY=sk-1'))
  const { stdout, stderr, exitCode } = await push(work, 'shop')
  assert.equal(exitCode, 0, stdout + stderr)
  assert.match(stderr, /built with sk-1[\s\S]*releasing[\s\S]*first of all[\s\S]*after one/)
  assert.equal((await instance.fetch('shop')).body, 'one')
  assert.match(ok(await ssh('config:get', 'shop', 'SECRET_KEY')), /^[0-9a-f]{64}$/m)
  assert.equal(ok(await ssh('run', 'shop', 'cat', 'built')).trim(), 'built with sk-1')
})

test('the image that predeploy leaves has no config in it', async () => {
  const { image } = JSON.parse(ok(await ssh('releases:list', 'shop', '--format', 'json')))[0] as { image: string }
  assert.doesNotMatch(ok(await instance.engine.docker(['image', 'inspect', image, '--format', '{{json .Config}}'])), /sk-1|STRIPE/)
})

test('a later push leaves config alone, and runs no script of first deploys', async () => {
  await work.commit({ 'app.json': described({ env: { ...variables, VERSION: 'two', ADDED: 'x' }, scripts }) })
  const { stdout, stderr, exitCode } = await push(work, 'shop')
  assert.equal(exitCode, 0, stdout + stderr)
  assert.doesNotMatch(stderr, /first of all/)
  assert.equal((await instance.fetch('shop')).body, 'one')
})

test('a release command or predeploy that fails declines the push, and the release before serves on', async () => {
  for (const change of [
    { Procfile: 'web: exec node server.mjs\nrelease: echo no such table; exit 7\n' },
    { Procfile: 'web: exec node server.mjs\n', 'app.json': described({ scripts: { dokku: { predeploy: 'echo no assets; exit 7' } } }) },
  ]) {
    await work.commit(change)
    const { stderr, exitCode } = await push(work, 'shop')
    assert.equal(exitCode, 1, stderr)
    assert.match(stderr, /no such table|no assets/)
    assert.match(stderr, /ended with exit status 7: nothing is deployed/)
    assert.equal((await instance.fetch('shop')).body, 'one')
  }
})

test('an app.json with a mistake declines the push with file, line and field', async () => {
  await work.commit({ 'app.json': described({ healthchecks: { web: [{ type: 'startup', timeout: 'long' }] } }) })
  const { stderr, exitCode } = await push(work, 'shop')
  assert.equal(exitCode, 1)
  assert.match(stderr, /app\.json:7: healthchecks\.web\[0\]\.timeout: /)
})

test('a check by command decides whether a container is ready; one that only warns does not', async () => {
  const check = (command: string[], more = {}) =>
    described({ healthchecks: { web: [{ type: 'startup', command, attempts: 2, wait: 0, ...more }] } })
  await work.commit({ 'app.json': check(['test', '-f', '/nothing']) })
  const declined = await push(work, 'shop')
  assert.equal(declined.exitCode, 1, declined.stderr)
  assert.match(declined.stderr, /the check "test -f \/nothing" failed 2 times/)
  await work.commit({ 'app.json': check(['test', '-f', '/nothing'], { warn: true }) })
  assert.equal((await push(work, 'shop')).exitCode, 0)
  assert.match(ok(await ssh('events')), /a check that only warns failed/)
  await work.commit({ 'app.json': check(['test', '-f', 'server.mjs']) })
  assert.equal((await push(work, 'shop')).exitCode, 0)
})

test('a container that fails its liveness check is restarted', async () => {
  const alive = { type: 'liveness', command: ['test', '!', '-f', '/tmp/ill'], attempts: 2, wait: 1 }
  await work.commit({ 'app.json': described({ healthchecks: { web: [{ type: 'startup', listening: true }, alive] } }) })
  assert.equal((await push(work, 'shop')).exitCode, 0)
  ok(await ssh('enter', 'shop', 'web', 'touch', '/tmp/ill'))
  await eventually(async () => assert.match(ok(await ssh('events')), /web\.1 failed its liveness check .*restarted/))
  await eventually(async () => ok(await ssh('enter', 'shop', 'web', 'rm', '-f', '/tmp/ill')))
  await eventually(async () => assert.equal((await instance.fetch('shop')).body, 'one'))
})

test('the old file CHECKS is read as health checks, and other paths of files are honoured', async () => {
  ok(await ssh('ps:set', 'shop', 'procfile-path', 'config/Procfile'))
  ok(await ssh('app-json:set', 'shop', 'appjson-path', 'config/app.json'))
  assert.match(ok(await ssh('app-json:report', 'shop')), /config\/app\.json/)
  await work.commit({
    CHECKS: 'WAIT=1\nTIMEOUT=2\nATTEMPTS=1\n/ something else\n',
    'config/Procfile': 'web: exec node server.mjs\n',
    'app.json': undefined,
    Procfile: undefined,
  })
  const { stderr, exitCode } = await push(work, 'shop')
  assert.equal(exitCode, 1, stderr)
  assert.match(stderr, /CHECKS is an old way/)
  await work.commit({ CHECKS: 'WAIT=1\nTIMEOUT=2\nATTEMPTS=3\n/ one\n' })
  assert.equal((await push(work, 'shop')).exitCode, 0)
  failed(await ssh('app-json:set', 'shop', 'appjson-path', '../x'))
})

test('what app.json says about how many run goes before ps:scale, and bounds how many start at once', async () => {
  const other = await repo({ ...versions, 'app.json': described({ formation: { web: { quantity: 3, max_parallel: 1 } } }) })
  const { stderr, exitCode } = await push(other, 'many')
  await other.remove()
  assert.equal(exitCode, 0, stderr)
  assert.match(failed(await ssh('ps:scale', 'many', 'web=1')), /the app\.json of many says how many of web run: 3/)
  const started = async (index: number) => {
    const format = ['inspect', '--format', '{{.State.StartedAt}} {{.Created}}', `${instance.name}-many.web.${index}`]
    const [begun = '', made = ''] = ok(await instance.engine.docker(format))
      .trim()
      .split(' ')
    return { begun: Date.parse(begun), made: Date.parse(made) }
  }
  const times = (await Promise.all([1, 2, 3].map(started))).sort((a, b) => a.made - b.made)
  // The next is made once the one before has got ready.
  for (const n of [1, 2]) assert.ok((times[n]?.made ?? 0) > (times[n - 1]?.begun ?? 0))
})

test('an image that was built elsewhere says how it runs by the app.json and Procfile in its working directory', async () => {
  const image = `${instance.name}/described:latest`
  const files = { ...versions, Procfile: 'web: VERSION=described exec node server.mjs\nworker: exec sleep 600\n' }
  await instance.engine.build(image, { ...files, 'app.json': described({ formation: { worker: { quantity: 1 } } }) }, instance.name)
  ok(await ssh('git:from-image', 'elsewhere', image))
  assert.equal((await instance.fetch('elsewhere')).body, 'described')
  assert.equal(ok(await ssh('ps:scale', 'elsewhere', '--format', 'json')), '{"web":1,"worker":1}\n')
})

test('what is to be done when a check fails is done: a command in the container, and a POST', async () => {
  const told = Promise.withResolvers<string>()
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk
    })
    request.on('end', () => {
      told.resolve(body)
      response.end()
    })
  }).listen(0)
  await once(server, 'listening')
  const host = ok(await instance.engine.docker(['inspect', '--format', '{{.NetworkSettings.Gateway}}', instance.name])).trim()
  ok(await ssh('git:allow-private', host))
  const onFailure = {
    command: ['sh', '-c', 'echo why it failed >/proc/1/fd/1'],
    url: `http://${host}:${(server.address() as AddressInfo).port}/`,
  }
  const check = { type: 'startup', name: 'never', command: ['false'], attempts: 1, wait: 0, onFailure }
  const bad = await repo({ ...versions, 'app.json': described({ healthchecks: { web: [check] } }) })
  const { exitCode, stderr } = await push(bad, 'ill')
  await bad.remove()
  assert.equal(exitCode, 1, stderr)
  const { app, dyno, check: name, reason } = JSON.parse(await told.promise)
  server.close()
  assert.deepEqual([app, dyno, name], ['ill', 'web.1', 'never'])
  assert.match(reason, /the check "never" failed/)
  assert.match(ok(await ssh('logs:failed', 'ill')), /why it failed/)
})

test('a variable of earlier versions counts as its property, and the push says what to say in its place', async (t) => {
  const plain = await repo(versions)
  t.after(() => plain.remove())
  ok(await ssh('apps:create', 'old'))
  ok(
    await ssh(
      'config:set',
      '--no-restart',
      'old',
      'DOKKU_DOCKERFILE_START_CMD=VERSION=started exec node server.mjs',
      'DOKKU_SKIP_CLEANUP=1',
    ),
  )
  const { stderr, exitCode } = await push(plain, 'old')
  assert.equal(exitCode, 0, stderr)
  assert.match(stderr, /DOKKU_DOCKERFILE_START_CMD is an old way to say ps:set old start-cmd VALUE/)
  assert.match(stderr, /DOKKU_SKIP_CLEANUP has no effect/)
  assert.equal((await instance.fetch('old')).body, 'started')
})
