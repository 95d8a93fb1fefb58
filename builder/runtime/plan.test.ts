import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseDockerfile } from '../buildkit/instructions.ts'
import type { Tree } from './clues.ts'
import { runtimes } from './description.ts'
import { runtimeRecipe } from './dockerfile.ts'
import { detectRuntimes, planBuild } from './plan.ts'

type Files = Record<string, string>

/** A tree with the directories of its files. */
function tree(files: Files): Tree {
  const parents = Object.keys(files).flatMap((path) => [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index)))
  return { paths: [...new Set([...parents, ...Object.keys(files)])].sort(), read: async (path) => files[path] }
}
const detected = async (files: Files) => (await detectRuntimes(tree(files), await runtimes())).map(({ name }) => name)
const plan = async (files: Files) => {
  const [first] = await detectRuntimes(tree(files), await runtimes())
  assert(first)
  return await planBuild(tree(files), first)
}
const npm = (more: object = {}) => ({
  'package.json': JSON.stringify({ scripts: { start: 'node app.js' }, ...more }),
  'package-lock.json': '{}',
})

describe('runtimes', () => {
  test('know their own trees', async () => {
    assert.deepEqual(await detected({ 'package.json': '{}' }), ['node'])
    assert.deepEqual(await detected({ 'index.html': '', 'css/a.css': '' }), ['static'])
    assert.deepEqual(await detected({ 'index.html': '', Procfile: 'web: x' }), ['procfile'])
    assert.deepEqual(await detected({ Procfile: 'web: ./run' }), ['procfile'])
    assert.deepEqual(await detected({ Gemfile: '', 'package.json': '' }), ['ruby', 'node'])
    assert.deepEqual(await detected({ 'composer.json': '', 'public/index.php': '' }), ['php'])
    assert.deepEqual(await detected({ 'go.mod': '' }), ['go'])
    assert.deepEqual(await detected({ 'Cargo.toml': '' }), ['rust'])
    assert.deepEqual(await detected({ 'pom.xml': '' }), ['java'])
    assert.deepEqual(await detected({ 'requirements.txt': '' }), ['python'])
    assert.deepEqual(await detected({ 'README.md': '' }), [])
    assert.deepEqual(await detected({ 'sub/package.json': '{}' }), [])
  })

  test('name values, files and scripts that exist', async () => {
    for (const { name, variants, values, scripts, run, texts, trust, images, local, version } of await runtimes()) {
      for (const file of [...Object.values(scripts), ...Object.values(run.files)]) assert.ok(texts[file], `${name}: ${file}`)
      if (trust !== undefined) assert.ok(scripts[trust])
      for (const image of Object.values(images)) if (image !== 'debian') assert.ok(local !== undefined && version.local !== undefined, name)
      for (const step of variants.flatMap((variant) => [variant.install, variant.tools, variant.production, variant.prune]))
        for (const [, value] of step?.matchAll(/(?<!\$)\{([a-z]+)\}/g) ?? []) assert.ok(value && value in values, `${name}: ${value}`)
    }
  })

  test('leave out what a build makes anew, wherever it is', async () => {
    const files = {
      ...npm(),
      'node_modules/ms/package.json': '',
      'sub/node_modules/a': '',
      'sub/b': '',
      '.git/HEAD': '',
      'node_modules.txt': '',
    }
    assert.deepEqual((await plan(files)).paths, ['node_modules.txt', 'package-lock.json', 'package.json', 'sub', 'sub/b'])
  })

  test('take the way of the lockfile', async () => {
    const app = { 'package.json': JSON.stringify({ main: 'x.js', packageManager: 'pnpm@9.1.2+sha512.abc' }) }
    assert.equal((await plan({ ...app, 'package-lock.json': '' })).variant, 'npm')
    const pnpm = await plan({ ...app, 'pnpm-lock.yaml': '' })
    assert.deepEqual([pnpm.variant, pnpm.tools], ['pnpm', 'npm install --global pnpm@9.1.2'])
    assert.equal((await plan({ ...app, 'yarn.lock': '# yarn lockfile v1\n' })).variant, 'yarn 1')
    assert.equal((await plan({ ...app, 'yarn.lock': '#\n\n__metadata:\n  version: 8\n' })).variant, 'yarn')
    assert.match((await plan(app)).warning ?? '', /no lockfile/)
  })

  test('install what a build needs only where there is one', async () => {
    assert.equal((await plan(npm())).install, 'npm ci --omit=dev')
    const built = await plan(npm({ scripts: { start: 'x', build: 'tsc' } }))
    assert.deepEqual(
      [built.install, built.build, built.prune],
      ['npm ci --include=dev', 'npm run build', 'npm prune --omit=dev --ignore-scripts'],
    )
  })

  test('say how dependencies lie', async () => {
    assert.equal((await plan(npm())).layout, 'split')
    assert.equal((await plan(npm({ workspaces: ['a'] }))).layout, 'joined')
    assert.equal((await plan(npm({ scripts: { start: 'x', postinstall: 'y' } }))).layout, 'whole')
  })

  test('start what the Procfile says, else what the tree looks like', async () => {
    assert.equal((await plan({ ...npm(), Procfile: 'worker: w\nweb: node  web.js \n' })).start, 'node  web.js')
    assert.equal((await plan(npm())).start, 'node app.js')
    assert.equal((await plan(npm({ scripts: { start: 'x', prestart: 'y' } }))).start, 'npm start')
    assert.equal((await plan({ ...npm({ scripts: {} }), 'server.js': '' })).start, 'node server.js')
    assert.equal((await plan({ ...npm({ scripts: {}, main: "it's $x.js" }) })).start, `node 'it'\\''s $x.js'`)
    assert.equal((await plan({ ...npm({ scripts: {} }), Procfile: 'worker: w' })).start, undefined)
    await assert.rejects(plan(npm({ scripts: {} })), { code: 'runtime-start', hint: /Procfile/ })
  })

  test('start what frameworks are started by', async () => {
    const start = async (files: Files) => (await plan(files)).start
    const django = {
      'manage.py': 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "my_site.settings.production")\n',
      'my_site/settings/base.py': "STATIC_ROOT = 'x'\n",
    }
    assert.equal(await start({ ...django, 'requirements.txt': 'Django\ngunicorn==1\n' }), 'gunicorn --bind 0.0.0.0:$PORT my_site.wsgi')
    assert.equal((await plan({ ...django, 'requirements.txt': 'gunicorn\n' })).build, 'python3 manage.py collectstatic --noinput')
    assert.equal(
      await start({ 'app.py': 'web = Flask(__name__)\n', 'requirements.txt': '' }),
      'flask --app app:web run --host 0.0.0.0 --port $PORT',
    )
    assert.equal(
      await start({ 'app/main.py': 'api = FastAPI()\n', 'requirements.txt': '' }),
      'uvicorn --host 0.0.0.0 --port $PORT app.main:api',
    )
    assert.equal(
      await start({ Gemfile: '', 'Gemfile.lock': '    puma (6.0)\n', 'config.ru': '' }),
      'bundle exec puma -b tcp://0.0.0.0:$PORT',
    )
    assert.equal(await start({ Gemfile: '', 'config/application.rb': '' }), 'bundle exec rails server -b 0.0.0.0 -p $PORT')
    assert.equal(await start({ 'public/index.php': '' }), 'ROOT=/app/public exec apache2 -f /etc/apache2/app.conf -DFOREGROUND')
    assert.match((await plan({ 'go.mod': 'module example.com/shop/v2\n\ngo 1.22\n' })).build ?? '', /choose shop$/)
  })

  test('ask for the version that a language has in its own files', async () => {
    const version = async (files: Files) => (await plan(files)).version.tag
    assert.equal(await version({ 'pom.xml': '<maven.compiler.release>25</maven.compiler.release>', Procfile: '' }), '25')
    assert.equal(
      await version({ 'pom.xml': '<maven.compiler.target>1.8</maven.compiler.target>', 'system.properties': 'java.runtime.version=1.8\n' }),
      '8',
    )
    assert.equal(await version({ 'Gemfile.lock': 'RUBY VERSION\n   ruby 3.3.4p94\n', Gemfile: '', 'app.rb': '' }), '3.3.4')
    assert.equal(await version({ Gemfile: 'ruby "~> 3.3.0"\n', 'app.rb': '' }), '3.3')
    assert.equal(await version({ 'runtime.txt': 'python-3.12.1\n', 'main.py': '' }), '3.12.1')
    assert.equal(
      await version({ 'pyproject.toml': '[tool.poetry.dependencies]\npython = "^3.11"\n', 'poetry.lock': '', 'main.py': '' }),
      '3.14',
    )
    assert.equal(await version({ 'composer.json': '{"require":{"php":"~8.2.0 || ~8.3.0"}}', 'index.php': '' }), '8.3')
    assert.equal(await version({ 'rust-toolchain.toml': '[toolchain]\nchannel = "1.80.1"\n', 'Cargo.toml': '' }), '1.80.1')
    assert.equal(await version({ 'rust-toolchain.toml': '[toolchain]\nchannel = "stable"\n', 'Cargo.toml': '' }), '1')
  })

  test('take no longer for lines of blanks, and for many empty ones', async () => {
    const begun = performance.now()
    const command = `b${' '.repeat(60_000)}c`
    assert.equal((await plan({ ...npm(), Procfile: `web: ${command} \n` })).start, command)
    await plan({ ...npm(), '.nvmrc': `${'\n'.repeat(200_000)}#` })
    assert.ok(performance.now() - begun < 3000, 'it took longer than three seconds')
  })

  test('read no further than a file that cannot be parsed', async () => {
    assert.equal((await plan({ 'package.json': '{', 'server.js': '' })).start, 'node server.js')
  })
})

describe('the Dockerfile of a runtime', () => {
  const bases = { build: 'BUILD', run: 'RUN' }
  const recipe = async (files: Files, request: Parameters<typeof runtimeRecipe>[2] = {}) => runtimeRecipe(await plan(files), bases, request)
  const cache = '--mount=type=cache,id=shared-npm,target=/dev/dokku-cache/shared/npm,sharing=locked'
  const head = `FROM BUILD AS base
WORKDIR /app
ENV NPM_CONFIG_UPDATE_NOTIFIER="false"
ENV NPM_CONFIG_FUND="false"
ENV NPM_CONFIG_AUDIT="false"
ENV npm_config_cache="/dev/dokku-cache/shared/npm"
`
  const end = `FROM RUN
ENV NODE_ENV="production"
ENV PATH="/app/node_modules/.bin:$PATH"
ENV PORT="5000"
RUN --mount=type=secret,id=dokku-user-HASH,target=/dev/dokku-user,mode=0444 sh /dev/dokku-user node
WORKDIR /app
`
  const text = async (...args: Parameters<typeof recipe>) => (await recipe(...args)).text.replace(/(id=dokku-\w+)-[0-9a-f]{8}/g, '$1-HASH')

  test('copies dependencies on their own, and source from the tree where nothing is built', async () => {
    assert.equal(
      await text(npm()),
      `${head}
FROM base AS install
COPY ["package-lock.json","package.json","./"]
RUN ${cache} npm ci --omit=dev && mkdir -p /app/node_modules

${end}COPY --from=install --chown=node:node /app/node_modules /app/node_modules
COPY --chown=node:node . .
USER node
CMD ["/bin/sh","-c","node app.js"]
`,
    )
  })

  test('lends dependencies to a build, and keeps what it leaves among them', async () => {
    assert.equal(
      await text(npm({ scripts: { start: 'node .', build: 'tsc' } })),
      `${head}
FROM base AS install
COPY ["package-lock.json","package.json","./"]
RUN ${cache} npm ci --include=dev && mkdir -p /app/node_modules

FROM install AS production
RUN ${cache} npm prune --omit=dev --ignore-scripts

FROM base AS build
WORKDIR /kept/app/node_modules
WORKDIR /app
COPY . .
RUN --mount=type=bind,from=install,source=/app/node_modules,target=/app/node_modules,rw ${cache} --mount=type=secret,id=dokku-keep-HASH,target=/dev/dokku-keep,mode=0444 . /dev/dokku-keep; npm run build

${end}COPY --from=production --chown=node:node /app/node_modules /app/node_modules
COPY --from=build --chown=node:node /app .
COPY --from=build --chown=node:node /kept/app/node_modules /app/node_modules
USER node
CMD ["/bin/sh","-c","node ."]
`,
    )
  })

  test('needs no build image where nothing is installed or built', async () => {
    const { text, secrets } = await recipe({ 'server.js': '' })
    assert.match(text, /^FROM base|^\nFROM RUN\n/)
    assert.deepEqual(Object.keys(secrets ?? {}).length, 1)
  })

  test('hands variables to the steps that run code of the app, and nothing of them to the text', async () => {
    const { text, secrets } = await recipe(npm(), { env: { TOKEN: 'hush' }, envRevision: '7', buildArgs: { A: 'b', 'not one': '' } })
    assert.match(text, /ARG A\nARG DOKKU_ENV_REVISION=7\nCOPY/)
    assert.match(text, /target=\/dev\/dokku-env,mode=0444 \. \/dev\/dokku-env; npm ci/)
    assert.doesNotMatch(text, /hush|not one/)
    assert.equal(secrets?.['dokku-env'], 'export TOKEN=hush\n')
  })

  test('copies manifests to where they were, odd names too', async () => {
    const files = { ...npm({ workspaces: ['p/*'] }), 'p/a/package.json': '', 'p/[b] $c/package.json': '' }
    assert.match(
      await text(files),
      /COPY \["p\/\[\[\]b\] \\\\\$c\/package.json","\.\/p\/\[\[\]b\] \\\\\$c\/"\]\nCOPY \["p\/a\/package.json","\.\/p\/a\/"\]/,
    )
  })

  test('is one of instructions only, whatever the tree', async () => {
    for (const files of [npm(), npm({ scripts: { build: 'x', start: 'a\nb' } }), { 'index.html': '' }, { Procfile: 'web: a\\' }])
      for (const { name } of parseDockerfile((await recipe(files)).text).instructions)
        assert.ok(['FROM', 'WORKDIR', 'ENV', 'ARG', 'COPY', 'RUN', 'USER', 'CMD'].includes(name), name)
  })
})
