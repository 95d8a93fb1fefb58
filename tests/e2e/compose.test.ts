// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax of variables in Compose files
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually, failed, ok, repo, startInstance } from './harness.ts'

// An app of several services: two that are built, and one that is an image somebody else made.
const instance = await startInstance({ suffix: 'compose' })
const { engine, name, ssh } = instance
after(() => Promise.all([instance.remove(), work.remove()]))
const key = 'a-key-that-no-image-has-91bd'

/** A store as others make one: it is told its key by an argument, keeps what it is given, and says which version it is. */
const store = (version: string) => ({
  Dockerfile: `FROM node:24-slim\nENV VERSION=${version}\nCOPY store.mjs /\nEXPOSE 6379\nENTRYPOINT ["node", "/store.mjs"]\n`,
  'store.mjs': `
import { createServer } from 'node:http'
let kept = 'nothing'
createServer((request, answer) => {
  if (request.headers.authorization !== process.argv[2]) return answer.writeHead(403).end('wrong key')
  if (request.method === 'PUT') kept = request.url.slice(1)
  answer.end([process.env.VERSION, kept, Object.keys(process.env).filter((one) => one.startsWith('APP_'))].join(' '))
}).listen(6379)
process.on('SIGTERM', () => process.exit())
`,
})
const images = ['one', 'two'].map((version) => `${name}-store:${version}`) as [string, string]
for (const [at, version] of ['one', 'two'].entries()) await engine.build(images[at] ?? '', store(version), name)

const composeFile = (image: string, ...more: string[]) => `
services:
  site:
    build: .
    ports: ["8080:3000"]
    environment:
      STORE: http://store:6379
      STORE_KEY: \${KEY:?the key of the store}
      GREETING: \${GREETING:-hello}
    depends_on:
      store: { condition: service_healthy }
  store:
    image: ${image}
    command: ["\${KEY}"]
    deploy: { replicas: 1 }
    restart: always
${more.map((line) => `    ${line}\n`).join('')}  worker:
    build: { context: ., target: work }
    environment: [STORE=http://store:6379]
  console:
    image: ${image}
    profiles: [manual]
`
const server = (version: string) => `
import { createServer } from 'node:http'
createServer(async (request, answer) => {
  const { STORE, STORE_KEY, GREETING } = process.env
  const said = await fetch(STORE + request.url, { method: request.url === '/' ? 'GET' : 'PUT', headers: { authorization: STORE_KEY }, signal: AbortSignal.timeout(1000) })
    .catch((error) => ({ text: () => String(error) }))
  answer.end(['${version}', GREETING, await said.text()].join(' '))
}).listen(process.env.PORT)
process.on('SIGTERM', () => process.exit())
`
const work = await repo({
  'compose.yaml': composeFile(images[0]),
  'server.mjs': server('v1'),
  Dockerfile: `FROM node:24-slim AS work
CMD ["node", "-e", "setInterval(() => fetch(process.env.STORE).then((answer) => console.log('worker reads', answer.status)), 200); process.on('SIGTERM', () => process.exit())"]
FROM node:24-slim
COPY server.mjs /
CMD ["node", "/server.mjs"]
`,
})
const says = async (body: string, path = '/') => assert.equal((await instance.fetch('shop', path)).body, body)
const container = async (process: string) => (await engine.lines('ps', '--quiet', '--filter', `name=^${name}[.-]shop[.]${process}$`)).join()
const tags = async () => (await engine.lines('images', '--format', '{{.Tag}}', `${name}/shop`)).sort()
const push = async (files: Record<string, string>) => {
  await work.commit(files)
  return await instance.push(work, 'shop')
}

before(async () => {
  ok(await ssh('apps:create', 'shop'))
  ok(await ssh('builder:set', 'shop', 'selected', 'compose'))
})

test('a service that asks for a variable that nobody set is not started, and the push says which', async () => {
  assert.match(failed(await instance.push(work, 'shop')), /KEY is not set: the key of the store[\s\S]*config:set APP NAME=VALUE/)
  assert.deepEqual(
    await engine.lines('ps', '--quiet', '--filter', `label=com.dokku.app-name=shop`, '--filter', `label=dokku.instance=${name}`),
    [],
  )
})

test('services are process types that reach each other by name, and the push names what it leaves out', async () => {
  ok(await ssh('config:set', 'shop', `KEY=${key}`, 'APP_SECRET=x'))
  const { stderr, stdout, exitCode } = await push({ 'server.mjs': server('v1') })
  const said = stderr + stdout
  assert.equal(exitCode, 0, said)
  assert.match(said, /Warning: compose\.yaml line \d+: services\.store\.restart is not used: ps:set shop restart-policy/)
  assert.match(said, /Service site, which is web here/)
  assert(said.indexOf('Starting store.1') < said.indexOf('Starting web.1'), said)
  await says('v1 hello one nothing ')
  const formation = JSON.parse(ok(await ssh('ps:scale', 'shop', '--format', 'json')))
  assert.deepEqual(formation, { web: 1, store: 1, worker: 1, console: 0 })
  await eventually(async () => assert.match(ok(await ssh('logs', 'shop', '--ps', 'worker')), /worker reads 403/))
})

test('a one-off command reaches the services, and another app does not', async () => {
  const ask = [
    'node',
    '-e',
    "fetch('http://store:6379').then((answer) => console.log(answer.status), (error) => console.log(error.cause.code))",
  ]
  assert.match(ok(await ssh('run', 'shop', ...ask)), /403/)
  assert.equal(ok(await ssh('run', '--env', 'GREETING=typed', 'shop', 'printenv', 'GREETING', 'STORE')), 'typed\nhttp://store:6379\n')
  await engine.build(
    `${name}/other-image:1`,
    { Dockerfile: 'FROM node:24-slim\nCMD ["node", "-e", "require(\'http\').createServer().listen(process.env.PORT)"]\n' },
    name,
  )
  ok(await ssh('git:from-image', 'other', `${name}/other-image:1`))
  assert.match(ok(await ssh('run', 'other', ...ask)), /ENOTFOUND|EAI_AGAIN/)
})

test('variables of the config are in no image, and a change of one is a release with it', async () => {
  for (const image of ['v1', 'v1.store', 'v1.worker'].map((tag) => `${name}/shop:${tag}`))
    assert.doesNotMatch(
      ok(await engine.docker(['inspect', image])) + ok(await engine.docker(['history', '--no-trunc', image])),
      new RegExp(key),
    )
  ok(await ssh('config:set', 'shop', `KEY=${key}-two`, 'GREETING=good morning'))
  await says('v1 good morning one nothing ')
})

test('a push of a new version leaves the container of an image that did not change alone', async () => {
  await says('v1 good morning one kept ', '/kept')
  const before = await container('store.1')
  assert.notEqual(before, '')
  ok(await push({ 'server.mjs': server('v2') }))
  await says('v2 good morning one kept ')
  assert.equal(await container('store.1'), before)
})

test('a file that asks for what an app cannot have is refused with its lines, and what served goes on', async () => {
  const said = failed(await push({ 'compose.yaml': composeFile(images[0], 'volumes: ["data:/data"]', 'privileged: true') }))
  assert.match(said, /line \d+: services\.store\.volumes: a container keeps nothing/)
  assert.match(said, /line \d+: services\.store\.privileged: an app is kept apart/)
  assert.match(failed(await push({ 'compose.yaml': 'services: [\n' })), /compose\.yaml line \d+: /)
  await says('v2 good morning one kept ')
})

test('a rollback brings back the image of each service', async () => {
  ok(await push({ 'compose.yaml': composeFile(images[1]) }))
  await says('v2 good morning two nothing ')
  ok(await ssh('releases:rollback', 'shop'))
  await says('v2 good morning one nothing ')
  assert.match(ok(await ssh('releases:diff', 'shop')), /image +store \w{12} -> store \w{12}|image +store/)
})

test('services are scaled as any process type, and stay so', async () => {
  ok(await ssh('ps:scale', 'shop', 'worker=0', 'store=2', 'console=0'))
  assert.equal(await container('worker.1'), '')
  assert.notEqual(await container('store.2'), '')
  ok(await push({ 'compose.yaml': composeFile(images[0]), 'server.mjs': server('v3') }))
  await says('v3 good morning one nothing ')
  assert.equal(JSON.parse(ok(await ssh('ps:scale', 'shop', '--format', 'json'))).store, 2)
})

test('the images of services stay as long as their releases', async () => {
  const before = await tags()
  assert(before.includes('v1.store') && before.includes('v1.worker'), before.join())
  ok(await ssh('--force', 'releases:prune', 'shop', '--keep', '1'))
  const kept = new Set((await tags()).map((tag) => tag.split('.')[0]))
  const listed: { version: number }[] = JSON.parse(ok(await ssh('releases:list', 'shop', '--format', 'json')))
  assert.deepEqual([...kept].sort(), listed.map(({ version }) => `v${version}`).sort())
  assert.equal((await tags()).length, kept.size * 4)
})

test('a service that was taken off the network of the app is on it again', async () => {
  const [network = ''] = await engine.lines('network', 'ls', '--format', '{{.Name}}', '--filter', `name=^${name}-link-`)
  for (const at of [1, 2]) ok(await engine.docker(['network', 'disconnect', network, await container(`store.${at}`)]))
  ok(await engine.docker(['restart', name]))
  await eventually(async () => await says('v3 good morning one nothing '))
})

test('an app that is destroyed leaves nothing of its services', async () => {
  ok(await ssh('--force', 'apps:destroy', 'shop'))
  await eventually(async () => assert.deepEqual(await tags(), []))
  assert.deepEqual(await engine.lines('network', 'ls', '--quiet', '--filter', `name=^${name}-link-`), [])
})
