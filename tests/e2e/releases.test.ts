import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { eventually, ok, startInstance, versionImage } from './harness.ts'

const instance = await startInstance({ suffix: 'releases' })
const { engine, name, ssh } = instance
after(() => instance.remove())
const [first, second] = ['one', 'two'].map((version) => `${name}/image-${version}:latest`) as [string, string]
await engine.build(first, versionImage('one'), name)
await engine.build(second, versionImage('two'), name)

interface Listed {
  version: number
  current: boolean
  image: string
  createdBy: string
  description: string
}
const listed = async (): Promise<Listed[]> => JSON.parse(ok(await ssh('releases:list', 'shop', '--format', 'json')))
const versions = async () => (await listed()).map(({ version }) => version)
const tags = async () => (await engine.lines('images', '--format', '{{.Tag}}', `${name}/shop`)).sort()
const serves = async (body: string) => assert.equal((await instance.fetch('shop')).body, body)
const fails = async (pattern: RegExp, ...words: string[]) => {
  const { exitCode, stderr } = await ssh(...words)
  assert.notEqual(exitCode, 0)
  assert.match(stderr, pattern)
}

test('every change is a release that says who, when, why and what', async () => {
  ok(await ssh('git:from-image', 'shop', first))
  ok(await ssh('config:set', 'shop', 'SECRET=hush'))
  ok(await ssh('ps:scale', 'shop', 'web=2'))
  ok(await ssh('git:from-image', 'shop', second))
  const info = ok(await ssh('releases:info', 'shop', 'v2'))
  for (const said of [/Set SECRET/, /ada/, /web=1/, /SECRET/]) assert.match(info, said)
  assert.doesNotMatch(info, /hush/)
  const { current, revision } = JSON.parse(ok(await ssh('releases:info', 'shop', '--format', 'json')))
  assert.deepEqual([current, revision], [true, second])
})

test('a diff names config without its values, and says what else changed', async () => {
  const diff = ok(await ssh('releases:diff', 'shop', 'v1', 'v4'))
  for (const said of [/config +\+ SECRET/, /formation +web 1 -> 2/, /image +\w{12} -> \w{12}/]) assert.match(diff, said)
  assert.doesNotMatch(diff, /hush/)
  const { from, to } = JSON.parse(ok(await ssh('releases:diff', 'shop', '--format', 'json')))
  assert.deepEqual([from, to], [3, 4])
})

test('a rollback restores image, config and formation', async () => {
  ok(await ssh('releases:rollback', 'shop', 'v1'))
  await serves('one')
  assert.equal(ok(await ssh('config:show', 'shop', '--format', 'json')).trim(), '{}')
  assert.equal(JSON.parse(ok(await ssh('ps:scale', 'shop', '--format', 'json'))).web, 1)
})

test('a rollback to what cannot be is refused, and says why', async () => {
  await fails(/v5 is what shop runs/, 'releases:rollback', 'shop', 'v5')
  await fails(/has no release v99/, 'releases:rollback', 'shop', '99')
  await fails(/has no release v0/, 'releases:rollback', 'shop', '0')
  await fails(/-1/, 'releases:rollback', 'shop', '-1')
  await fails(/"latest" is not a release version/, 'releases:rollback', 'shop', 'latest')
  assert.equal((await versions())[0], 5)
})

test('the images of the releases that are kept stay, and only those', async () => {
  ok(await ssh('releases:set', 'shop', 'retention', '3'))
  for (let n = 0; n < 4; n++) ok(await ssh('config:set', 'shop', `ROUND=${n}`))
  // v4 has the last other image: the code to go back to.
  assert.deepEqual(await versions(), [9, 8, 7, 4])
  assert.deepEqual(await tags(), ['v4', 'v7', 'v8', 'v9'])
  await fails(/v2 of shop was pruned/, 'releases:rollback', 'shop', 'v2')
  ok(await ssh('releases:rollback', 'shop', 'v4'))
  await serves('two')
  ok(await ssh('--force', 'releases:prune', 'shop', '--keep', '1'))
  assert.deepEqual(await versions(), [10, 9])
  assert.deepEqual(await tags(), ['v10', 'v9'])
})

test('a tag that somebody takes away comes back with the next change, and tags that are not ours stay', async () => {
  ok(await engine.docker(['rmi', `${name}/shop:v9`]))
  ok(await engine.docker(['tag', first, `${name}/shop:mine`]))
  ok(await ssh('config:set', 'shop', 'AGAIN=1'))
  assert.deepEqual(await tags(), ['mine', 'v10', 'v11', 'v9'])
  ok(await engine.docker(['rmi', `${name}/shop:mine`]))
})

test('an image that somebody removed is said, and what runs goes on', async () => {
  ok(await engine.docker(['rmi', '--force', `${name}/shop:v9`, first]))
  await fails(/image of shop v12 \(Rollback to v9\) is no longer on this machine/, 'releases:rollback', 'shop', 'v9')
  await serves('two')
  assert.equal((await listed()).find(({ current }) => current)?.version, 11)
})

test('apps:destroy takes the images with it', async () => {
  ok(await ssh('--force', 'apps:destroy', 'shop'))
  await eventually(async () => assert.deepEqual(await tags(), []))
})
