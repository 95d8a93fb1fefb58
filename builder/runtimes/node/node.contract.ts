import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Sample, testRuntime } from '../../runtime/runtime.fixture.ts'

const sample = (app: string, manager: string): Sample => ({
  app,
  says: new RegExp(`Node\\.js 24\\S*: package\\.json asks for Node\\.js >=20, ${manager}\n`),
  text: 'Hello from a build, in 60000 ms\n',
  change: { file: 'build.js', from: 'Hello', to: 'Hi' },
  again: /added \d+ packages|Packages: \+|Fetch step|Fetching packages/,
})

const samples = [sample('node-build', 'npm'), sample('node-pnpm', 'pnpm'), sample('node-yarn', 'yarn'), sample('node-yarn1', 'yarn 1')]

testRuntime('node', samples, (shop) => {
  test('leaves out what only a build needs', async () => {
    const { image } = await shop().build('node-build')
    const running = await shop().start(image)
    assert.match(await running.run('ls', 'node_modules'), /^(?!.*(?<!@)\besbuild).*\bmade\s+ms\s*$/)
  })

  test('lets the installation and the build read the variables of the build, and keeps them out of the image', async () => {
    const env = { GREETING: `it's "secret" $HOME` }
    const { image } = await shop().build('node-build', { env, envRevision: '1' })
    const running = await shop().start(image)
    assert.equal((await running.get()).text, `it's "secret" $HOME from a build, in 60000 ms\n`)
    const made = shop().engine.getImage(image)
    assert.doesNotMatch(JSON.stringify([await made.history(), await made.inspect()]), /secret/)
  })

  test('copies the whole tree first where scripts of its own run in the installation', async () => {
    const { image, lines } = await shop().build(
      await shop().tree({
        'package.json': JSON.stringify({
          scripts: { postinstall: 'node prepare.js', start: 'node server.js' },
          dependencies: { ms: '2.1.3' },
        }),
        'prepare.js': "require('node:fs').writeFileSync('prepared', 'yes')\n",
        'server.js':
          "require('node:http').createServer((_, r) => r.end(require('node:fs').readFileSync('prepared') + require('ms')('1s'))).listen(process.env.PORT)\n",
      }),
    )
    assert.match(lines.join(''), /there is no lockfile/)
    assert.equal((await (await shop().start(image)).get()).text, 'yes1000')
  })

  test('installs a workspace whole', async () => {
    const { image } = await shop().build(
      await shop().tree({
        'package.json': JSON.stringify({ private: true, workspaces: ['packages/*'], scripts: { start: 'node packages/web/server.js' } }),
        'packages/web/package.json': JSON.stringify({ name: 'web', version: '1.0.0', dependencies: { ms: '2.0.0', greeting: '1.0.0' } }),
        'packages/web/server.js':
          "require('node:http').createServer((_, r) => r.end(require('greeting') + require('ms')('1s'))).listen(process.env.PORT)\n",
        'packages/greeting/package.json': JSON.stringify({ name: 'greeting', version: '1.0.0', dependencies: { ms: '2.1.3' } }),
        'packages/greeting/index.js': "module.exports = 'hi'\n",
      }),
    )
    assert.equal((await (await shop().start(image)).get()).text, 'hi1000')
  })

  test('builds in and runs in the images that somebody chose', async () => {
    const dir = await shop().tree({
      'server.js': "require('node:http').createServer((_, r) => r.end('chosen')).listen(process.env.PORT)\n",
    })
    const base = (await shop().build(dir)).image
    const { image } = await shop().build(dir, { source: { dir, choices: { images: { 'node:run': base } } } })
    const layers = async (name: string) => (await shop().engine.getImage(name).inspect()).RootFS.Layers ?? []
    assert.deepEqual((await layers(image)).slice(0, (await layers(base)).length), await layers(base))
    assert.equal((await (await shop().start(image)).get()).text, 'chosen')
    const nowhere = { dir, choices: { images: { node: 'test-builder-runtime:nowhere' } } }
    await assert.rejects(shop().build(dir, { source: nowhere }), /not found|could not be reached|silent/)
  })

  test('says that the version an app asks for cannot be had', async () => {
    const dir = await shop().tree({ 'server.js': '', '.nvmrc': 'v12.1.0\n' })
    await assert.rejects(shop().build(dir), { code: 'runtime-version', message: /\.nvmrc asks for Node\.js 12\.1\.0/ })
  })
})
