import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run } from '#lib/exec.ts'
import { failed, ok, repo, startInstance, versions } from './harness.ts'

// Who builds a tree, what a build may read, and where its image goes.
const instance = await startInstance({ suffix: 'builders' })
const { engine, name, ssh, sshLine } = instance
const work = await repo(versions)
const registry = `${name}-registry`
after(async () => {
  await engine.docker(['rm', '--force', '--volumes', registry])
  await Promise.all([instance.remove(), work.remove()])
})
const says = async (app: string, body: string) => assert.equal((await instance.fetch(app)).body, body)
/** What whoever pushes reads. */
const pushed = async (app: string) => {
  const result = await instance.push(work, app)
  ok(result)
  return result.stderr
}
/** A commit with these files and no others. */
const only = async (files: Record<string, string>) => {
  const old = (await work.git('ls-files')).split('\n').filter(Boolean)
  await work.commit({ ...Object.fromEntries(old.map((path) => [path, undefined])), ...files })
}

before(async () => {
  for (const plugin of ['one-file', 'railpack']) {
    ok(await engine.docker(['cp', join(import.meta.dirname, '../plugins', plugin), `${name}:/tmp/${plugin}`]))
    ok(await ssh('plugin:install', `/tmp/${plugin}`, '--yes'))
  }
})

test('a tree that nobody knows says what was looked for and how to choose', async () => {
  await only({ 'notes.txt': 'nothing to build' })
  const said = failed(await instance.push(work, 'nobody'))
  assert.match(said, /no way to build this tree was found/)
  assert.match(said, /a Dockerfile at the root of the tree \(dockerfile\)/)
})

test('a plugin is a builder: it names itself for a tree, and builds it', async () => {
  await only({
    'main.mjs': "import { createServer } from 'node:http'\ncreateServer((_, answer) => answer.end('one file')).listen(process.env.PORT)\n",
  })
  assert.match(await pushed('plugin'), /Builder: one-file/)
  await says('plugin', 'one file')
  assert.match(ok(await ssh('builder:detect', 'plugin')), /^one-file/)
})

test('what was selected goes before a plugin, and a builder that nobody is says so', async () => {
  await only({ ...versions, 'main.mjs': 'throw new Error()' })
  ok(await ssh('builder:set', 'plugin', 'selected', 'dockerfile'))
  assert.match(await pushed('plugin'), /Builder: dockerfile/)
  ok(await ssh('builder:set', 'plugin', 'selected', 'railpack'))
  await work.commit({ 'change.txt': '1' })
  assert.match(failed(await instance.push(work, 'plugin')), /railpack is not installed here/)
  ok(await ssh('builder:set', 'plugin', 'selected', 'nobody'))
  assert.match(failed(await instance.push(work, 'plugin')), /nobody built .* as nobody/)
  assert.match(failed(await ssh('builder:set', 'plugin', 'selected', 'No One')), /not the name of a builder/)
  ok(await ssh('builder:set', 'plugin', 'selected'))
  assert.match(ok(await ssh('builder:report', 'plugin')), /Builder selected: +\n/)
})

test('app.json names a builder, and one that is broken is refused by name', async () => {
  await only({ ...versions, 'main.mjs': 'throw new Error()', 'app.json': '{ "builder": "dockerfile" } // chosen' })
  assert.match(await pushed('named'), /Builder: dockerfile/)
  await work.commit({ 'app.json': '{ "buildpacks": ["heroku/nodejs"] }' })
  assert.match(failed(await instance.push(work, 'named')), /app\.json: buildpacks\.0/)
})

test('builder null builds nothing, and nothing runs', async () => {
  await only({ 'anything.txt': 'x' })
  ok(await ssh('apps:create', 'nothing'))
  ok(await ssh('builder:set', 'nothing', 'selected', 'null'))
  ok(await instance.push(work, 'nothing'))
  assert.deepEqual(await engine.lines('ps', '--quiet', '--filter', `name=${name}-nothing`), [])
})

test('a folder of the tree, another Dockerfile and one of its stages are built, and no path leads out', async () => {
  const { Dockerfile = '', ...rest } = versions
  await only({
    'docker/App.Dockerfile': `${Dockerfile.replace(/^FROM (\S+)/m, 'FROM $1 AS app')}\nFROM app AS other\nENV VERSION=other\n`,
    ...rest,
  })
  ok(await ssh('apps:create', 'stages'))
  ok(await ssh('builder-dockerfile:set', 'stages', 'dockerfile-path', 'docker/App.Dockerfile'))
  ok(await instance.push(work, 'stages'))
  await says('stages', 'other')
  ok(await ssh('builder-dockerfile:set', 'stages', 'target', 'app'))
  await work.commit({ 'change.txt': '1' })
  ok(await instance.push(work, 'stages'))
  assert.notEqual((await instance.fetch('stages')).body, 'other')
  await only(Object.fromEntries(Object.entries(versions).map(([path, text]) => [`backend/${path}`, text])))
  ok(await ssh('apps:create', 'folder'))
  ok(await ssh('builder:set', 'folder', 'build-dir', 'backend'))
  ok(await instance.push(work, 'folder'))
  ok(await ssh('builder:set', 'folder', 'build-dir', 'frontend'))
  await work.commit({ 'change.txt': '2' })
  assert.match(failed(await instance.push(work, 'folder')), /the tree has no folder "frontend"/)
  for (const path of ['../x', '/etc', 'a/../../b', '.git'])
    assert.match(failed(await ssh('builder:set', 'folder', 'build-dir', path)), /not a path in the tree/)
})

test('a build reaches no network where that is set', async () => {
  const { Dockerfile = '', ...rest } = versions
  await only({ ...rest, Dockerfile: Dockerfile.replace('COPY', `RUN : ${name}; ls /sys/class/net | tr '\\n' ' '\nCOPY`) })
  ok(await ssh('apps:create', 'alone'))
  assert.match(failed(await ssh('builder:set', 'alone', 'network', 'host')), /is none, or is not set/)
  ok(await ssh('builder:set', 'alone', 'network', 'none'))
  assert.match(await pushed('alone'), /^remote: {8}lo *$/m)
})

test('a build reads the config that was chosen, and neither the image nor its history holds it', async () => {
  const secret = 'a-secret-that-is-nowhere-7c1f'
  const { Dockerfile = '', ...rest } = versions
  // With a name of its own, so that no cache of another run answers.
  const reads = `RUN --mount=type=secret,id=TOKEN,required=true : ${name}; sha256sum /run/secrets/TOKEN >/sum && test ! -e /run/secrets/OTHER`
  await only({ ...rest, Dockerfile: Dockerfile.replace('COPY', `${reads}\nCOPY`) })
  ok(await ssh('apps:create', 'secrets'))
  assert.match(failed(await instance.push(work, 'secrets')), /the build has no secret TOKEN[\s\S]*config:set --build/)
  ok(await ssh('config:set', '--build', 'secrets', `TOKEN=${secret}`))
  ok(await ssh('config:set', 'secrets', `OTHER=${secret}`))
  assert.equal(ok(await ssh('config:keys', '--build', 'secrets')), 'TOKEN\n')
  ok(await instance.push(work, 'secrets'))
  const image = `${name}/secrets:v1`
  assert.doesNotMatch(ok(await engine.docker(['history', '--no-trunc', image])), new RegExp(secret))
  assert.doesNotMatch(ok(await engine.docker(['inspect', image])), new RegExp(secret))
  const layers = ['grep', image, '-rslF', secret, '/', '--exclude-dir=proc', '--exclude-dir=sys']
  const found = await engine.docker(['run', '--rm', '--entrypoint', ...layers])
  assert.deepEqual([found.stdout, found.exitCode], ['', 1])
  ok(await ssh('config:set', '--no-build', 'secrets', `TOKEN=${secret}`))
  assert.equal(ok(await ssh('config:keys', '--build', 'secrets')), '')
})

test('releases are pushed to a registry that wants a login, and its images are bases of builds', async () => {
  const hash = '$2b$05$abcdefghijklmnopqrstuu8xaCxxL82bnl.UY74PMksDxIJShppPC' // bcrypt of `right`
  const config = [
    'version: 0.1',
    'storage: {filesystem: {rootdirectory: /var/lib/registry}}',
    'http: {addr: ":5000"}',
    'auth: {htpasswd: {realm: test, path: /htpasswd}}',
  ]
  ok(
    await engine.docker([
      ...[
        'run',
        '--detach',
        '--name',
        registry,
        '--publish',
        '127.0.0.1::5000',
        '--entrypoint',
        'sh',
        process.env.DOKKU_REGISTRY_IMAGE ?? '',
      ],
      ...['-c', `echo '${config.join('\n')}' >/c.yml; echo 'me:${hash}' >/htpasswd; exec docker-registry serve /c.yml`],
    ]),
  )
  const host = `127.0.0.1:${ok(await engine.docker(['port', registry, '5000']))
    .trim()
    .split(':')
    .at(-1)}`
  assert.match(failed(await sshLine(`registry:login --password-stdin ${host} me`, { input: 'wrong\n' })), /does not know me/)
  await only(versions)
  ok(await ssh('apps:create', 'pushed'))
  for (const [key, value] of [
    ['server', host],
    ['image-repo', 'my-org/pushed'],
    ['push-on-release', 'true'],
    ['push-extra-tags', 'latest'],
  ])
    ok(await ssh('registry:set', 'pushed', key ?? '', value ?? ''))
  assert.match(failed(await ssh('registry:set', 'pushed', 'image-repo', 'my-org/pushed:v1')), /has a tag/)
  assert.match(failed(await instance.push(work, 'pushed')), /log in to 127/)
  ok(await sshLine(`registry:login --password-stdin ${host} me`, { input: 'right\n' }))
  assert.match(await pushed('pushed'), new RegExp(`-----> Pushing ${host}/my-org/pushed:v1`))
  const listed = await run(['curl', '-sS', '-u', 'me:right', `http://${host}/v2/my-org/pushed/tags/list`])
  assert.deepEqual(JSON.parse(listed.stdout).tags.sort(), ['latest', 'v1'])
  assert.deepEqual(await engine.lines('images', '--quiet', `${host}/my-org/pushed`), [])
  await only({ Dockerfile: `FROM ${host}/my-org/pushed:v1\nENV VERSION=derived\n` })
  ok(await instance.push(work, 'derived'))
  await says('derived', 'derived')
  assert.match(ok(await ssh('registry:report', 'pushed')), new RegExp(`Registry computed image repo: +${host}/my-org/pushed`))
  ok(await ssh('registry:logout', host))
  assert.match(failed(await ssh('registry:logout', host)), /Nobody is logged in/)
})

test('repo:gc packs a repository, and the app goes on deploying', async () => {
  ok(await ssh('repo:gc', 'stages'))
  assert.match(ok(await ssh('repo:purge-cache', 'stages')), /Removed 0\.0 MB/)
})
