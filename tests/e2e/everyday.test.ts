import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ask, eventually, failed, ok, repo, startInstance, underLoad, untilHealthy, versionImage, versions } from './harness.ts'

const instance = await startInstance({ suffix: 'everyday' })
const { engine, name, ssh, sshLine } = instance
const image = `${name}/fixture:latest`
await engine.build(image, versionImage('one'), name)
const source = await repo(versions)
after(() => Promise.all([instance.remove(), source.remove()]))

const json = async (...words: string[]) => JSON.parse(ok(await ssh(...words, '--format', 'json')))
const domain = (host: string) => ({ ...instance.target('any'), host })
const containers = async (app: string) =>
  (
    await engine.lines(
      'ps',
      '--all',
      '--format',
      '{{.ID}} {{.Names}}',
      '--filter',
      `label=dokku.instance=${name}`,
      '--filter',
      `name=${app}`,
    )
  )
    .filter((line) => /\.\d+$/.test(line))
    .sort()
const tags = async (app: string) => (await engine.lines('images', '--format', '{{.Repository}}:{{.Tag}}', `${name}/${app}`)).sort()
const pushed = async (app: string) => {
  const { exitCode, stderr } = await instance.push(source, app)
  assert.equal(exitCode, 0, stderr)
}

test('apps:rename keeps container, config, releases, domain and repository, and fails no request to the domain', async () => {
  await pushed('shop')
  ok(await ssh('config:set', 'shop', 'VERSION=kept'))
  ok(await ssh('domains:add', 'shop', 'www.example.com'))
  const [before] = await containers('shop')
  const releases = await json('releases:list', 'shop')
  await underLoad(domain('www.example.com'), async () => assert.match(ok(await ssh('apps:rename', 'shop', 'store')), /store\.everyday/), {
    atLeast: 500,
  })
  failed(await ssh('apps:exists', 'shop'), 20)
  assert.deepEqual(await containers('store'), [before?.replace('shop.web', 'store.web')])
  assert.deepEqual(await json('releases:list', 'store'), releases)
  assert.equal(ok(await ssh('config:get', 'store', 'VERSION')), 'kept\n')
  assert.equal((await instance.fetch('store')).body, 'kept')
  assert.equal((await instance.fetch('shop')).status, 404)
  assert.deepEqual([await tags('shop'), await tags('store')], [[], [`${name}/store:v1`, `${name}/store:v2`]])
  await source.commit({ 'more.txt': 'more' })
  await pushed('store')
  assert.equal((await ask(domain('www.example.com'))).body, 'kept')
})

test('apps:rename refuses the same name, a taken one and a bad one', async () => {
  ok(await ssh('apps:create', 'taken'))
  assert.match(failed(await ssh('apps:rename', 'store', 'store')), /called that already/)
  assert.match(failed(await ssh('apps:rename', 'store', 'taken')), /App taken already exists/)
  failed(await ssh('apps:rename', 'store', 'Bad_Name'))
  failed(await ssh('apps:rename', 'nothing', 'new'), 20)
  ok(await ssh('apps:destroy', '--force', 'taken'))
})

test('a rename that control does not live through is whole afterwards, or never was', async () => {
  const renaming = instance.sshStart(['apps:rename', 'store', 'bazaar'])
  await new Promise((resolve) => renaming.stdout.once('data', resolve))
  ok(await engine.docker(['kill', '--signal', 'KILL', name]))
  await renaming.catch(() => undefined)
  ok(await engine.docker(['start', name]))
  await untilHealthy(engine, name)
  const [app = ''] = await json('apps:list')
  const former = app === 'store' ? 'bazaar' : 'store'
  await eventually(async () => {
    assert.equal((await containers(app)).length, 1)
    assert.deepEqual(await containers(former), [])
    assert.deepEqual([(await tags(app)).length, await tags(former)], [3, []])
    assert.equal((await instance.fetch(app)).body, 'kept')
    assert.equal((await ask(domain('www.example.com'))).body, 'kept')
  })
  if (app !== 'store') ok(await ssh('apps:rename', app, 'store'))
})

test('apps:clone makes an app of its own with config, scale and repository, and v1 is the same image', async () => {
  ok(await ssh('ps:scale', 'store', 'web=2'))
  await underLoad(domain('www.example.com'), async () => assert.match(ok(await ssh('apps:clone', 'store', 'twin')), /Application deployed/))
  assert.equal((await instance.fetch('twin')).body, 'kept')
  assert.equal((await containers('twin')).length, 2)
  const [[first], [origin]] = [await json('releases:list', 'twin'), await json('releases:list', 'store')]
  assert.deepEqual([first.version, first.image, first.revision], [1, origin.image, origin.revision])
  assert.deepEqual(await json('urls', 'twin'), [`http://twin.${instance.hostname}:${instance.ports.http}`])
  ok(await ssh('config:set', 'twin', 'VERSION=other'))
  assert.deepEqual([(await instance.fetch('twin')).body, (await instance.fetch('store')).body], ['other', 'kept'])
  assert.match(ok(await ssh('ps:rebuild', 'twin')), /Application deployed/)
  assert.match(failed(await ssh('apps:clone', 'store', 'twin')), /App twin already exists/)
  ok(await ssh('apps:clone', '--ignore-existing', 'store', 'twin'))
  ok(await ssh('apps:clone', '--skip-deploy', 'store', 'asleep'))
  assert.deepEqual([await json('releases:list', 'asleep'), await containers('asleep')], [[], []])
  assert.equal((await json('git:status', 'asleep')).status, 'not deployed')
})

test('a locked app takes no deploy of any kind, restarts, and takes deploys again once unlocked', async () => {
  failed(await ssh('apps:locked', 'store'))
  ok(await ssh('apps:lock', 'store'))
  ok(await ssh('apps:locked', 'store'))
  assert.equal(ok(await ssh('apps:report', 'store', '--app-locked')), 'true\n')
  await source.commit({ 'more.txt': 'locked out' })
  const { exitCode, stderr } = await instance.push(source, 'store')
  assert.notEqual(exitCode, 0)
  assert.match(stderr, /store is locked and takes no deploy/)
  for (const words of [
    ['git:from-image', 'store', image],
    ['ps:rebuild', 'store'],
    ['releases:rollback', 'store'],
    ['config:set', 'store', 'LOCKED=no'],
    ['config:clear', 'store'],
    ['ps:scale', 'store', 'web=3'],
    ['apps:rename', 'store', 'shop'],
  ])
    assert.match(failed(await ssh(...words)), /is locked/, words.join(' '))
  failed(await ssh('config:get', 'store', 'LOCKED'))
  ok(await ssh('config:set', '--no-restart', 'store', 'VERSION=later'))
  ok(await ssh('ps:restart', 'store'))
  assert.equal((await instance.fetch('store')).body, 'kept')
  ok(await ssh('apps:unlock', 'store'))
  await pushed('store')
  assert.equal((await instance.fetch('store')).body, 'later')
})

test('config:export and config:import give back every value, over ssh and byte for byte', async () => {
  const vars = { QUOTES: `it's "so" \\ $HOME \`x\` !`, LINES: 'a\n\r\n\tb\n', EMPTY: '', OTHER: 'grün 🎉 # no comment', SPACES: '  x  ' }
  ok(await ssh('apps:create', 'vars'))
  ok(await ssh('config:set', 'vars', ...Object.entries(vars).map(([key, value]) => `${key}=${value}`)))
  assert.equal(ok(await ssh('config:keys', 'vars')), 'EMPTY\nLINES\nOTHER\nQUOTES\nSPACES\n')
  for (const format of ['exports', 'envfile', 'json', 'json-list']) {
    const input = ok(await ssh('config:export', 'vars', '--format', format))
    ok(await ssh('config:clear', 'vars'))
    assert.equal(ok(await ssh('config:keys', 'vars')), '')
    ok(await sshLine('config:import vars -', { input }))
    assert.deepEqual(await json('config:show', 'vars'), vars, format)
  }
})

test('config:import stores all or nothing, keeps other values unless --replace, and is a release of a deployed app', async () => {
  const wrong = failed(await sshLine('config:import vars -', { input: 'NEW=1\nEMPTY=changed\nnot a pair\n' }))
  assert.match(wrong, /line 3 is not KEY=VALUE/)
  failed(await sshLine('config:import vars -', { input: Buffer.from([0x41, 0x3d, 0xff]) }))
  assert.match(failed(await ssh('config:import', 'vars', '/etc/passwd')), /cannot be read from here/)
  assert.ok(!('NEW' in (await json('config:show', 'vars'))))
  ok(await sshLine('config:import vars', { input: 'NEW=1' }))
  assert.equal(Object.keys(await json('config:show', 'vars')).length, 6)
  ok(await sshLine('config:import vars - --replace', { input: '{"ONLY": "x"}' }))
  assert.deepEqual(await json('config:show', 'vars'), { ONLY: 'x' })
  ok(await sshLine('config:import twin - --replace', { input: 'VERSION=imported' }))
  assert.equal((await instance.fetch('twin')).body, 'imported')
})

test('git:status tells what was pushed from what is deployed', async () => {
  const head = await source.git('rev-parse', 'HEAD')
  assert.deepEqual(await json('git:status', 'store'), {
    branch: 'main',
    head,
    deployed: head,
    release: `v${(await json('releases:list', 'store'))[0].version}`,
    status: 'deployed',
  })
  assert.equal((await json('git:status', 'vars')).status, 'nothing was pushed')
  ok(await ssh('git:from-image', 'vars', image))
  assert.match((await json('git:status', 'vars')).status, /something else is deployed/)
})

test('url and urls print where an app answers', async () => {
  assert.equal(ok(await ssh('url', 'store')), `http://store.${instance.hostname}:${instance.ports.http}\n`)
  assert.match(ok(await ssh('urls', 'store')), /\nhttp:\/\/www\.example\.com:\d+\n$/)
})

test('ps:rebuild makes a new release of the same commit, or of the same image, without a failed request', async () => {
  const [before] = await json('releases:list', 'store')
  await underLoad(instance.target('store'), async () => ok(await ssh('ps:rebuild', 'store')))
  const [rebuilt] = await json('releases:list', 'store')
  assert.deepEqual([rebuilt.version, rebuilt.revision], [before.version + 1, before.revision])
  ok(await ssh('ps:rebuild', 'vars'))
  assert.deepEqual(
    (await json('releases:list', 'vars')).map((one: { revision: string }) => one.revision),
    [image, image],
  )
})

test('ps commands take --all, leave out what was stopped, and say which app failed', async () => {
  ok(await ssh('ps:stop', 'twin'))
  const restarted = ok(await ssh('ps:restart', '--all', '--parallel', '2'))
  assert.match(restarted, /Restarting store/)
  assert.doesNotMatch(restarted, /twin|asleep/)
  ok(await ssh('apps:lock', 'vars'))
  assert.match(failed(await ssh('ps:rebuild', '--all')), /vars: vars is locked[\s\S]*1 of 2 apps failed: vars/)
  failed(await ssh('ps:restart'))
  failed(await ssh('ps:restart', '--all', '--parallel', '0'))
})

test('ps:inspect shows the containers without a value of their environment', async () => {
  ok(await ssh('config:set', 'store', 'TOKEN=very-secret-value'))
  const said = ok(await ssh('ps:inspect', 'store'))
  const found = JSON.parse(said) as { Name: string; Config: { Env: string[] } }[]
  assert.equal(found.length, 2)
  assert.ok(found.every(({ Config }) => Config.Env.includes('TOKEN=********')))
  assert.doesNotMatch(said, /very-secret-value/)
})

test('a name that is nearly right is suggested, of apps, process types and settings', async () => {
  assert.match(failed(await ssh('config:show', 'stroe'), 20), /did you mean store\?/)
  assert.match(failed(await ssh('ps:scale', 'store', 'wbe=1')), /did you mean web\?/)
  assert.match(failed(await ssh('git:set', 'store', 'deploy-brnch', 'main')), /did you mean deploy-branch\?/)
  assert.match(failed(await ssh('config:set', '--no-restrat', 'store', 'A=1')), /did you mean --no-restart\?/)
})
