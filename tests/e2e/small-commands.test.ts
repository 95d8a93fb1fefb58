import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { attempt, eventually, failed, ok, repo, startInstance, versionImage, versions } from './harness.ts'

const instance = await startInstance({ suffix: 'small' })
const { engine, name, ssh, sshLine } = instance
const source = await repo(versions)
after(() => Promise.all([instance.remove(), source.remove()]))
await engine.build(`${name}/fixture:latest`, versionImage('one'), name)
ok(await ssh('git:from-image', 'shop', `${name}/fixture:latest`))

const json = async (...words: string[]) => JSON.parse(ok(await ssh(...words, '--format', 'json')))

test('config:set --global gives every app a var that its own one goes before, from the next restart on', async () => {
  assert.match(ok(await ssh('config:set', '--global', 'VERSION=everywhere', 'REGION=eu west')), /VERSION: {2}everywhere/)
  assert.deepEqual(await json('config:show', '--global'), { REGION: 'eu west', VERSION: 'everywhere' })
  assert.deepEqual(await json('config:show', 'shop'), {})
  assert.deepEqual(await json('config:show', '--merged', 'shop'), { REGION: 'eu west', VERSION: 'everywhere' })
  assert.equal((await instance.fetch('shop')).body, 'one')
  assert.equal(ok(await ssh('run', 'shop', 'printenv', 'REGION')), 'eu west\n')
  ok(await ssh('ps:restart', 'shop'))
  assert.equal((await instance.fetch('shop')).body, 'everywhere')
  ok(await ssh('config:set', 'shop', 'VERSION=own'))
  assert.equal((await instance.fetch('shop')).body, 'own')
  assert.equal(ok(await ssh('config:get', '--merged', 'shop', 'VERSION')), 'own\n')
  ok(await ssh('releases:rollback', 'shop', 'v1'))
  assert.deepEqual(await json('config:show', 'shop'), {})
  ok(await ssh('config:unset', '--global', 'VERSION'))
  ok(await ssh('ps:restart', 'shop'))
  assert.equal((await instance.fetch('shop')).body, 'one')
  assert.match(failed(await ssh('config:unset', '--global', 'NOTHING')), /global has no config var NOTHING/)
  failed(await ssh('config:show'))
  failed(await ssh('config:show', '--global', 'shop'))
})

test('config:bundle is a tar of the vars, each in a file', async () => {
  ok(await ssh('config:set', '--no-restart', 'shop', "GREETING='two words'"))
  const listed = await attempt(['tar', '-tf', '-'], { input: ok(await ssh('config:bundle', '--merged', 'shop')) })
  assert.deepEqual(ok(listed).trim().split('\n').sort(), ['GREETING', 'REGION'])
  assert.equal(ok(await ssh('config:export', '--format', 'pack-keys', 'shop')), '--env GREETING\n')
})

test('apps:set --global disable-autocreation refuses a push to a name that no app has', async () => {
  ok(await ssh('apps:set', '--global', 'disable-autocreation', 'true'))
  const { exitCode, stderr } = await instance.push(source, 'unheard')
  assert.notEqual(exitCode, 0)
  assert.match(stderr, /App unheard does not exist/)
  failed(await ssh('apps:exists', 'unheard'), 20)
  failed(await ssh('apps:set', 'shop', 'disable-autocreation', 'true'))
  failed(await ssh('apps:set', '--global', 'disable-autocreation', 'perhaps'))
  assert.equal(ok(await ssh('apps:report', 'shop', '--app-global-disable-autocreation')), 'true\n')
  ok(await ssh('apps:set', '--global', 'disable-autocreation'))
  assert.equal((await instance.push(source, 'unheard')).exitCode, 0)
  ok(await ssh('apps:destroy', '--force', 'unheard'))
})

test('cleanup removes what is left over, and nothing that serves', async () => {
  ok(
    await engine.docker(
      ['create', '--name', `${name}-left`, '--label', `dokku.instance=${name}`, '--label', 'com.dokku.app-name=gone'].concat([
        '--label',
        'dokku.app-id=999',
        '--label',
        'com.dokku.process-type=worker',
        `${name}/fixture:latest`,
      ]),
    ),
  )
  assert.match(ok(await ssh('cleanup')), /-----> Cleaning up\.\.\./)
  assert.match(ok(await ssh('cleanup', 'shop')), /-----> Cleaning up shop/)
  assert.equal((await instance.fetch('shop')).body, 'one')
  ok(await ssh('releases:rollback', 'shop', 'v1'))
})

test('a command of Dokku’s that has no use here says what to do instead', async () => {
  for (const [words, hint] of [
    ['builder-herokuish:set shop allowed true', /buildpacks:add/],
    ['nginx:stop', /proxy:disable/],
    ['trace:on', /--trace/],
    ['--quiet logs:vector-start', /logs:help/],
    ['scheduler-k3s:initialize', /this machine/],
    ['events:off', /always kept/],
  ] as const)
    assert.match(failed(await sshLine(words)), hint, words)
  ok(await ssh('events:on'))
})

test('old names do what the new ones do', async () => {
  assert.equal(ok(await ssh('nginx:show-conf', 'shop')), ok(await ssh('nginx:show-config', 'shop')))
  ok(await ssh('nginx:validate', 'shop'))
  assert.match(ok(await ssh('proxy:ports', 'shop')), /http/)
  ok(await ssh('proxy:clear-config', '--all'))
  ok(await ssh('proxy:build-config', '--all', '--parallel', '2'))
  assert.equal((await instance.fetch('shop')).body, 'one')
})

test('builder:set --global holds for every app that has no setting of its own', async () => {
  ok(await ssh('builder:set', '--global', 'build-dir', 'sub'))
  ok(await ssh('builder-dockerfile:set', '--global', 'dockerfile-path', 'Other'))
  const report = await json('builder:report', 'shop')
  assert.deepEqual([report['build-dir'], report['computed-build-dir'], report['global-build-dir']], ['', 'sub', 'sub'])
  assert.equal(ok(await ssh('builder-dockerfile:report', 'shop', '--builder-dockerfile-computed-dockerfile-path')), 'Other\n')
  ok(await ssh('builder:set', '--global', 'build-dir'))
  ok(await ssh('builder-dockerfile:set', '--global', 'dockerfile-path'))
})

test('git:set --global deploy-branch and registry:set --global server hold where an app has none of its own', async () => {
  ok(await ssh('git:set', '--global', 'deploy-branch', 'live'))
  assert.match((await instance.push(source, 'branchy')).stderr, /live/)
  const { exitCode, stderr } = await instance.push(source, 'branchy', ['main:live'])
  assert.equal(exitCode, 0, stderr)
  const report = await json('git:report', 'branchy')
  assert.deepEqual([report['deploy-branch'], report['computed-deploy-branch'], report['global-deploy-branch']], ['', 'live', 'live'])
  ok(await ssh('git:set', '--global', 'deploy-branch'))
  ok(await ssh('registry:set', '--global', 'server', 'registry.example.com'))
  assert.equal(ok(await ssh('registry:report', 'shop', '--registry-computed-image-repo')), `registry.example.com/${name}/shop\n`)
  assert.match(failed(await ssh('registry:set', '--global', 'image-repo', 'one/name')), /cannot push to one name/)
  ok(await ssh('registry:set', '--global', 'server'))
})

test('scheduler:set takes docker-local, the only one', async () => {
  ok(await ssh('scheduler:set', 'shop', 'selected', 'docker-local'))
  assert.match(failed(await ssh('scheduler:set', 'shop', 'selected', 'null')), /ps:stop/)
  assert.equal((await json('scheduler:report', 'shop'))['computed-selected'], 'docker-local')
  ok(await ssh('scheduler:set', 'shop', 'selected'))
})

test('what is set can be cleared again', async () => {
  ok(await ssh('domains:add-global', 'more.example.com'))
  ok(await ssh('domains:clear-global'))
  ok(await ssh('domains:set-global', instance.hostname))
  assert.equal((await instance.fetch('shop')).body, 'one')
  ok(await ssh('ports:add', 'shop', 'http:80:5000'))
  assert.match(ok(await ssh('ports:report', 'shop')), /http:80:5000/)
  ok(await ssh('ports:clear', 'shop'))
  ok(await ssh('buildpacks:set-property', 'shop', 'stack', 'heroku/builder:24'))
  assert.match(ok(await ssh('buildpacks:report', 'shop')), /heroku\/builder:24/)
  ok(await ssh('buildpacks:set-property', 'shop', 'stack'))
  ok(await ssh('http-auth:enable', 'shop', 'ada', 'a secret'))
  ok(await ssh('http-auth:add-user', 'shop', 'bob', 'another'))
  ok(await ssh('http-auth:add-allowed-ip', 'shop', '10.0.0.0/8'))
  ok(await ssh('http-auth:remove-allowed-ip', 'shop', '10.0.0.0/8'))
  ok(await ssh('http-auth:remove-user', 'shop', 'bob'))
  ok(await ssh('http-auth:disable', 'shop'))
  ok(await ssh('letsencrypt:cleanup', 'shop'))
  ok(await ssh('plugin:update', '--all'))
  ok(await ssh('plugin:install-dependencies'))
})

test('storage:exec runs a program in a volume, with input and exit status', async () => {
  ok(await ssh('storage:create', 'notes'))
  ok(await instance.sshLine('storage:exec notes tee note', { input: 'kept in a volume\n' }))
  assert.equal(ok(await ssh('storage:exec', 'notes', 'cat', 'note')), 'kept in a volume\n')
  assert.match(ok(await instance.sshLine('storage:exec notes sh -c "pwd; id -u"')), /^\/volume\n0\n$/)
  failed(await ssh('storage:exec', 'notes', 'false'), 1)
  failed(await ssh('storage:exec', 'notes', 'no-such-program'), 127)
  assert.match(failed(await ssh('storage:exec', 'nothing')), /there is no volume nothing/)
  ok(await ssh('--force', 'storage:destroy', 'notes'))
})

test('ps:restore starts what should run, and leaves what is stopped', async () => {
  assert.match(ok(await ssh('ps:restore', 'shop')), /shop runs as its release says/)
  ok(await ssh('ps:restore', '--all'))
  ok(await ssh('ps:set', 'shop', 'restore', 'false'))
  assert.match(ok(await ssh('ps:report', 'shop')), /Ps restore: +false/)
  ok(await engine.docker(['kill', `${name}-shop.web.1`]))
  await eventually(async () => assert.match(ok(await ssh('events', 'shop')), /web\.1 did not run: left so/))
  assert.match(failed(await ssh('ps:set', 'shop', 'restore', 'maybe')), /neither true nor false/)
  ok(await ssh('ps:restore', 'shop'))
  assert.equal((await instance.fetch('shop')).status, 200)
  ok(await ssh('ps:set', 'shop', 'restore'))
})

test('a process that ends again and again is said in the report, by doctor and in events, until a restart', async () => {
  const container = `${name}-shop.web.1`
  for (let n = 0; n < 3; n++) {
    await eventually(async () =>
      assert.equal(ok(await engine.docker(['inspect', '--format', '{{.State.Running}}', container])).trim(), 'true'),
    )
    ok(await engine.docker(['kill', container]))
  }
  await eventually(async () => assert.match(ok(await ssh('ps:report', 'shop')), /Ps crashing: +web\.1 crashes again and again: \d times/))
  assert.match(ok(await ssh('events', 'shop')), /web\.1 crashes again and again/)
  assert.match((await ssh('doctor')).stdout, /shop: web\.1 crashes again and again/)
  ok(await ssh('ps:restart', 'shop'))
  assert.match(ok(await ssh('ps:report', 'shop')), /Ps crashing: *\n/)
})

test('docker-options are a release of their own, unless they are left to the next', async () => {
  const version = async () => JSON.parse(ok(await ssh('releases:list', 'shop', '--format', 'json')))[0].version
  const before = await version()
  ok(await ssh('docker-options:add', 'shop', 'build', '--build-arg A=1'))
  ok(await ssh('docker-options:add', '--no-restart', 'shop', 'deploy', '--label some=label'))
  assert.equal(await version(), before)
  ok(await ssh('docker-options:add', 'shop', 'deploy', '--label other=label'))
  assert.equal(await version(), before + 1)
  const labels = ok(await engine.docker(['inspect', '--format', '{{json .Config.Labels}}', `${name}-shop.web.1`]))
  assert.match(labels, /"other":"label"/)
  assert.match(labels, /"some":"label"/)
  ok(await ssh('docker-options:clear', 'shop'))
})

test('a secret is shown by nothing that lists, and its key can be replaced while apps serve', async () => {
  const said = ok(await ssh('config:set', '--secret', '--no-restart', 'shop', 'API_KEY=5up3r-secret'))
  assert.match(said, /API_KEY: {2}\*{8}/)
  assert.match(ok(await ssh('config:show', 'shop')), /API_KEY: +\*{8}/)
  assert.equal(JSON.parse(ok(await ssh('config:show', 'shop', '--format', 'json'))).API_KEY, '********')
  const { key } = JSON.parse(ok(await ssh('secrets:report', '--format', 'json')))
  ok(await ssh('secrets:rotate-key'))
  assert.match(ok(await ssh('secrets:report')), new RegExp(`older keys: +${key}`))
  ok(await ssh('secrets:rotate-key', '--forget'))
  assert.match(ok(await ssh('secrets:report')), /older keys: +none/)
  assert.equal(ok(await ssh('config:get', 'shop', 'API_KEY')), '5up3r-secret\n')
  ok(await ssh('config:set', '--no-secret', '--no-restart', 'shop', 'API_KEY=open'))
  assert.match(ok(await ssh('config:show', 'shop')), /API_KEY: +open/)
})

test('help is a short guide to somebody new, with addresses that are theirs', async () => {
  const help = ok(await ssh('help'))
  assert.match(help, new RegExp(`git remote add dokku ssh://dokku@${instance.hostname}:${instance.ports.ssh}/my-app`))
  assert.match(help, /An app and its processes:\n\n {4}apps +Manage apps/)
  assert.ok(help.split('\n').length < 90)
  assert.match(ok(await ssh('help', '--all')), /config:set <app>\|--global KEY=VALUE/)
  for (const words of [['help', 'apps'], ['apps:help'], ['apps']]) assert.match(ok(await ssh(...words)), /apps:create <app>/)
  assert.match(ok(await ssh('help', '--man', 'apps')), /^\.TH DOKKU\\-APPS 1\n/)
  assert.match(failed(await ssh('confg:set')), /did you mean config:set/)
})

test('a command that leads somewhere says where, on standard error, and not with --quiet', async () => {
  const create = await ssh('apps:create', 'blog')
  assert.equal(ok(create), '-----> Creating blog...\n')
  assert.match(
    create.stderr,
    new RegExp(`^ {7}git remote add dokku ssh://dokku@${instance.hostname}:\\d+/blog && git push dokku main$`, 'm'),
  )
  assert.match((await ssh('config:set', 'blog', 'A=1')).stderr, /The first deploy takes it/)
  assert.match((await ssh('domains:add', 'blog', 'blog.example.com')).stderr, /letsencrypt:enable blog/)
  assert.doesNotMatch((await ssh('--quiet', 'domains:add', 'blog', 'www.example.com')).stderr, /letsencrypt/)
  assert.match((await ssh('apps:lock', 'blog')).stderr, /apps:unlock blog/)
  assert.doesNotMatch((await ssh('config:set', '--no-restart', 'shop', 'A=1')).stderr, /first deploy/)
})
