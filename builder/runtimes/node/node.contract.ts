import assert from 'node:assert/strict'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { writeTree } from '../../conformance.ts'
import { apps, workshop } from '../../runtime.fixture.ts'

describe('runtime node', () => {
  let shop: Awaited<ReturnType<typeof workshop>>
  const dirs: string[] = []
  before(async () => {
    shop = await workshop('node')
  })
  after(async () => {
    await shop.clear()
    for (const dir of dirs) await rm(dir, { recursive: true })
  })
  const copyOf = async (app: string) => {
    const dir = await mkdtemp(join(tmpdir(), 'builder-node-'))
    dirs.push(dir)
    await cp(join(apps, app), dir, { recursive: true })
    return dir
  }

  for (const [app, manager] of Object.entries({ 'node-build': 'npm', 'node-pnpm': 'pnpm', 'node-yarn': 'yarn', 'node-yarn1': 'yarn 1' }))
    test(`${app}: ${manager} installs, the build runs, and only what the app needs is in the image`, async () => {
      const { image, lines } = await shop.build(app)
      assert.match(lines.join(''), new RegExp(`Node\\.js 24: package\\.json asks for Node\\.js >=20, ${manager}\n`))
      const running = await shop.start(image)
      assert.deepEqual(await running.get(), { status: 200, text: 'Hello from a build, in 60000 ms\n' })
      assert.doesNotMatch(await running.run('ls', '-a', 'node_modules'), /(^|\s)esbuild/)
      assert.match(await running.run('sh', '-c', 'id -u; command -v gcc make || echo no compilers'), /^1000\s+no compilers\s*$/)
      assert.ok((await running.stop()) < 3000)
    })

  test('rebuilds after a change of the source without another installation', async () => {
    const dir = await copyOf('node-npm')
    await shop.build(dir)
    await writeFile(join(dir, 'server.js'), "require('node:http').createServer((_, r) => r.end('new')).listen(process.env.PORT)\n")
    const { lines } = await shop.build(dir)
    assert.match(lines.join(''), /npm ci --omit=dev.* CACHED/)
  })

  test('lets the installation and the build read the variables of the build, and keeps them out of the image', async () => {
    const env = { GREETING: `it's "secret" $HOME` }
    const { image } = await shop.build('node-build', { env, envRevision: '1' })
    const running = await shop.start(image)
    assert.equal((await running.get()).text, `it's "secret" $HOME from a build, in 60000 ms\n`)
    const history = JSON.stringify([await shop.engine.getImage(image).history(), await shop.engine.getImage(image).inspect()])
    assert.doesNotMatch(history, /secret/)
  })

  test('copies the whole tree first where scripts of its own run in the installation', async () => {
    const dir = await writeTree({
      'package.json': JSON.stringify({
        scripts: { postinstall: 'node prepare.js', start: 'node server.js' },
        dependencies: { ms: '2.1.3' },
      }),
      'prepare.js': "require('node:fs').writeFileSync('prepared', 'yes')\n",
      'server.js':
        "require('node:http').createServer((_, r) => r.end(require('node:fs').readFileSync('prepared') + require('ms')('1s'))).listen(process.env.PORT)\n",
    })
    dirs.push(dir)
    const { image, lines } = await shop.build(dir)
    assert.match(lines.join(''), /there is no lockfile/)
    assert.equal((await (await shop.start(image)).get()).text, 'yes1000')
  })

  test('installs a workspace whole', async () => {
    const dir = await writeTree({
      'package.json': JSON.stringify({ private: true, workspaces: ['packages/*'], scripts: { start: 'node packages/web/server.js' } }),
      'packages/web/package.json': JSON.stringify({ name: 'web', version: '1.0.0', dependencies: { ms: '2.0.0', greeting: '1.0.0' } }),
      'packages/web/server.js':
        "require('node:http').createServer((_, r) => r.end(require('greeting') + require('ms')('1s'))).listen(process.env.PORT)\n",
      'packages/greeting/package.json': JSON.stringify({ name: 'greeting', version: '1.0.0', dependencies: { ms: '2.1.3' } }),
      'packages/greeting/index.js': "module.exports = 'hi'\n",
    })
    dirs.push(dir)
    const { image } = await shop.build(dir)
    assert.equal((await (await shop.start(image)).get()).text, 'hi1000')
  })

  test('says that the version an app asks for cannot be had', async () => {
    const dir = await writeTree({ 'server.js': '', '.nvmrc': 'v12.1.0\n' })
    dirs.push(dir)
    await assert.rejects(shop.build(dir), { code: 'runtime-version', message: /\.nvmrc asks for Node\.js 12\.1\.0/ })
  })
})
