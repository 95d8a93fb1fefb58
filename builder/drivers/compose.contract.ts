// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax of variables in Compose files
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { type Docker, docker } from '#lib/docker.ts'
import { type Files, recorder, testDriver, writeTree } from '../conformance.ts'
import type { BuildRequest } from '../driver.ts'
import { compose } from './compose.ts'

const base = process.env.BUILDER_TEST_BASE ?? 'debian:trixie-slim'
const prefix = 'test-builder-compose'
/** A tree with a Dockerfile, and a service that is built by it. */
const single = (dockerfile: string): Files => ({ 'compose.yaml': 'services:\n  web:\n    build: .\n', Dockerfile: dockerfile })

testDriver(compose, {
  prefix,
  root: '/app',
  always: [],
  holding: (files) => ({ ...single(`FROM ${base}\nWORKDIR /app\nCOPY . .\n`), ...files }),
  greeting: single(
    `FROM ${base}\nARG GREETING\nWORKDIR /app\nRUN printf %s "$GREETING" > greeting && printf '\\033[31mred\\033[0m 1%%\\r2%%\\n'\n`,
  ),
  broken: { files: single(`FROM ${base}\nNONSENSE here\n`), says: /line 2.*NONSENSE/s },
  slow: single(`FROM ${base}\nRUN echo begun && sleep 60\n`),
})

describe('builder driver compose, with several services', () => {
  let engine: Docker
  const images = new Set<string>()
  const dirs: string[] = []
  let count = 0

  before(async () => {
    engine = await docker()
  })
  after(async () => {
    for (const dir of dirs) await rm(dir, { recursive: true, force: true })
    for (const image of images)
      await engine
        .getImage(image)
        .remove({ force: true })
        .catch(() => {})
  })

  const build = async (files: Files, more: Partial<BuildRequest> = {}) => {
    const dir = await writeTree(files)
    dirs.push(dir)
    const image = `${prefix}:${process.pid}-several-${count++}`
    images.add(image)
    const said = recorder()
    const result = await compose.build({ source: { dir }, image, labels: { 'test.of': 'compose' }, output: said.output, ...more }, engine)
    for (const name of Object.keys(result.services ?? {})) images.add(`${image}.${name}`)
    const config = async (name: string) => (await engine.getImage(result.services?.[name]?.image ?? result.imageId).inspect()).Config
    return { ...result, image, config, said: said.lines().join('') }
  }

  test('makes an image of each, which says how it is run', async () => {
    const { imageId, image, services, processes, config } = await build(
      {
        'compose.yaml': `services:
  cache:
    image: ${base}
    command: sh -c "echo $$HOME 'a b'"
    stop_signal: SIGINT
    user: nobody
    working_dir: /srv/cache
    expose: [6379, 53/udp]
  app:
    build:
      context: ./api
      dockerfile: ../docker/Api.Dockerfile
      target: small
      args: { VERSION: "\${VERSION:-1}" }
    entrypoint: [/entry, "--flag=a b"]
    ports: ["8080:5000"]
    depends_on: [cache]
  job:
    build: { dockerfile_inline: "FROM ${base}\\nCOPY note /note\\nENTRYPOINT [\\"cat\\"]\\nCMD [\\"/note\\"]" }
    profiles: [manual]
`,
        note: 'noted',
        'api/code.txt': 'code',
        'docker/Api.Dockerfile': `FROM ${base} AS small\nARG VERSION\nRUN echo "$VERSION" > /version\nCOPY . /app\nCMD ["own"]\nFROM scratch AS other\nCOPY --from=small /nowhere /\n`,
      },
      { env: { VERSION: '7' } },
    )
    assert.deepEqual(processes, { web: null, cache: null, job: null })
    const tagged = async (name: string) => (await engine.getImage(name).inspect()).Id
    assert.deepEqual([await tagged(image), await tagged(`${image}.cache`)], [imageId, services?.cache?.image])
    assert.deepEqual(services?.web, { aliases: ['app'], replicas: 1, port: 5000, dependsOn: ['cache'] })
    const { image: _, ...cached } = services?.cache ?? {}
    assert.deepEqual(cached, { aliases: ['cache'], replicas: 1, foreign: true, port: 6379 })
    assert.equal(services?.job?.replicas, 0)
    const cache = await config('cache')
    assert.deepEqual(cache.Cmd, ['sh', '-c', "echo $HOME 'a b'"])
    assert.deepEqual([(cache as { StopSignal?: string }).StopSignal, cache.User, cache.WorkingDir], ['SIGINT', 'nobody', '/srv/cache'])
    assert.deepEqual(Object.keys(cache.ExposedPorts ?? {}).sort(), ['53/udp', '6379/tcp'])
    assert.equal(cache.Labels?.['test.of'], 'compose')
    const web = await config('web')
    assert.deepEqual([web.Entrypoint, web.Cmd], [['/entry', '--flag=a b'], null])
    const job = await config('job')
    assert.deepEqual([job.Entrypoint, job.Cmd], [['cat'], ['/note']])
  })

  test('makes the same image again of what did not change', async () => {
    const files = { 'compose.yaml': `services:\n  web:\n    image: ${base}\n    command: sleep 9\n    labels: [a]\n` }
    const first = await build(files)
    assert.match(first.said, /Warning: compose\.yaml line 5: services\.web\.labels is not used/)
    assert.equal((await build(files)).imageId, first.imageId)
  })

  test('puts no variable into an image that a container gets', async () => {
    const { services, config, said } = await build(
      {
        'compose.yaml': `services:
  web:
    image: ${base}
    command: serve --key=\${KEY}
    env_file: [.env, production.env]
    environment:
      URL: http://:\${KEY}@\${HOST:-cache}
      PLAIN: x
      OUTSIDE:
`,
        '.env': "HOST=from-file # committed\nDOLLAR='$KEY'\n",
      },
      { env: { KEY: 'secret-key' } },
    )
    assert.deepEqual(services?.web, {
      aliases: ['web'],
      replicas: 1,
      foreign: true,
      command: 'serve --key=${KEY}',
      environment: { HOST: 'from-file', DOLLAR: '$$KEY', URL: 'http://:${KEY}@${HOST:-cache}', PLAIN: 'x', OUTSIDE: null },
      defaults: { HOST: 'from-file' },
    })
    assert.match(said, /line 5: production\.env is not in the tree; web gets what environment names/)
    assert.doesNotMatch(JSON.stringify(await config('web')), /secret-key/)
  })

  test('refuses a context or a Dockerfile outside of the tree', async () => {
    const refused = async (lines: string, says: RegExp, files: Files = {}) =>
      await assert.rejects(build({ 'compose.yaml': `services:\n  web:\n    build:\n${lines}`, ...files }), {
        code: 'bad-compose',
        message: says,
      })
    await refused('      context: ..\n', /line 4: services\.web\.build: the tree has no folder "\.\."/)
    await refused('      context: /etc\n', /the tree has no folder/)
    await refused('      context: https://github.com/a/b.git\n', /the tree has no folder/)
    await refused('      context: link\n', /the tree has no folder/, { link: { link: '/etc' } })
    await refused('      dockerfile: ../../etc/passwd\n', /the tree has no \.\.\/\.\.\/etc\/passwd/)
    await refused('      context: .\n', /the tree has no Dockerfile/)
  })

  test('builds without a network where a service asks for none', async () => {
    const dockerfile_inline = `FROM ${base}\nRUN test "$$(ls /sys/class/net)" = lo`
    await build({ 'compose.yaml': JSON.stringify({ services: { web: { build: { dockerfile_inline, network: 'none' } } } }) })
    const usual = { 'compose.yaml': JSON.stringify({ services: { web: { build: { dockerfile_inline } } } }) }
    await assert.rejects(build(usual, { noCache: true }), { code: 'build-failed' })
  })

  test('says that an image cannot be had', async () => {
    await assert.rejects(build({ 'compose.yaml': 'services: { web: { image: localhost:1/none:1 } }' }), {
      code: /registry-unreachable|image-not-found/,
    })
  })
})
