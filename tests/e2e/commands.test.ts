import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { eventually, failed, keyPair, ok, repo, startInstance, versionImage, webAndWorker } from './harness.ts'

const instance = await startInstance({ suffix: 'commands' })
const image = `${instance.name}/fixture:latest`
await instance.engine.build(image, versionImage('one'), instance.name)
const mixed = await repo(webAndWorker)
after(() => Promise.all([instance.remove(), mixed.remove()]))

const { ssh } = instance
const json = async (...words: string[]) => JSON.parse(ok(await ssh(...words, '--format', 'json')))

test('apps:create, apps:list and apps:exists speak as Dokku does', async () => {
  assert.equal(ok(await ssh('apps:create', 'blog')), '-----> Creating blog...\n')
  assert.match(ok(await ssh('apps:list')), /^=====> My Apps\nblog\n$/)
  assert.equal(ok(await ssh('--quiet', 'apps:list')), 'blog\n')
  assert.deepEqual(await json('apps:list'), ['blog'])
  ok(await ssh('apps:exists', 'blog'))
  assert.match(failed(await ssh('apps:exists', 'nothing'), 20), / ! {5}App nothing does not exist/)
  assert.match(failed(await ssh('apps:create', 'blog')), / ! {5}App blog already exists/)
})

test('a command for an app that does not exist exits with 20, and one that does not exist with a suggestion', async () => {
  for (const words of [['config:show'], ['ps:report'], ['logs'], ['releases:list'], ['apps:destroy', '--force'], ['domains:report']])
    failed(await ssh(words[0] ?? '', 'nothing', ...words.slice(1)), 20)
  assert.match(failed(await ssh('apps:lst')), /did you mean apps:list/)
})

test('apps:report shows one app, one value, or JSON', async () => {
  assert.match(ok(await ssh('apps:report', 'blog')), /^=====> blog apps? information\n {7}App created at: +\d/m)
  assert.match(ok(await ssh('apps:report', 'blog', '--app-created-at')), /^\d{4}-/)
  assert.ok('created-at' in (await json('apps:report', 'blog')) || 'app-created-at' in (await json('apps:report', 'blog')))
})

test('config:set stores values for an app that is not deployed, and config:get and config:show give them back', async () => {
  ok(await ssh('config:set', 'blog', 'A=1', 'B=two words'))
  assert.equal(ok(await ssh('config:get', 'blog', 'B')), 'two words\n')
  assert.match(ok(await ssh('config:show', 'blog')), /^=====> blog env vars\nA: +1\nB: +two words\n$/)
  assert.deepEqual(await json('config:show', 'blog'), { A: '1', B: 'two words' })
  failed(await ssh('config:get', 'blog', 'C'))
  ok(await ssh('config:unset', 'blog', 'A'))
  assert.deepEqual(await json('config:show', 'blog'), { B: 'two words' })
  failed(await ssh('config:set', 'blog', 'no-equals-sign'))
})

test('commands that need a deploy say that there was none', async () => {
  for (const words of [
    ['run', 'blog', 'true'],
    ['ps:restart', 'blog'],
    ['releases:rollback', 'blog'],
    ['enter', 'blog'],
    ['logs', 'blog'],
  ])
    assert.match(failed(await ssh(...words)), /not been deployed|no .*release|no running container|no container/)
})

test('git:from-image deploys an image, and git:report and releases:list tell of it', async () => {
  assert.match(ok(await ssh('git:from-image', 'blog', image)), /=====> Application deployed:/)
  assert.equal((await instance.fetch('blog')).body, 'one')
  assert.match(ok(await ssh('git:report', 'blog')), /Git computed deploy branch: +main or master/)
  const [release] = await json('releases:list', 'blog')
  assert.equal(release.version, 1)
  assert.equal(release.current, true)
  assert.equal(release.createdBy, 'ada')
  assert.match(failed(await ssh('git:from-image', 'blog', 'no-such-image:nowhere')), / ! {5}/)
  assert.equal((await instance.fetch('blog')).body, 'one')
})

test('config:set releases a deployed app again, and --no-restart does not', async () => {
  ok(await ssh('config:set', 'blog', 'VERSION=two'))
  assert.equal((await instance.fetch('blog')).body, 'two')
  ok(await ssh('config:set', '--no-restart', 'blog', 'VERSION=three'))
  assert.equal((await instance.fetch('blog')).body, 'two')
  ok(await ssh('ps:restart', 'blog'))
  assert.equal((await instance.fetch('blog')).body, 'three')
})

test('releases:rollback goes back one release, or to the one named', async () => {
  ok(await ssh('releases:rollback', 'blog', 'v1'))
  assert.equal((await instance.fetch('blog')).body, 'one')
  assert.match(failed(await ssh('releases:rollback', 'blog', 'v99')), /no release v99/)
  assert.match(ok(await ssh('releases:list', 'blog')), /Rollback to v1/)
})

test('ps:scale shows and sets how many run, and refuses what is no process of the app', async () => {
  assert.match(ok(await ssh('ps:scale', 'blog')), /^-----> Scaling for blog\n[\s\S]*^web: 1$/m)
  ok(await ssh('ps:scale', 'blog', 'web=2'))
  assert.deepEqual(await json('ps:scale', 'blog'), { web: 2 })
  assert.match(ok(await ssh('ps:report', 'blog')), /Running: +true/)
  failed(await ssh('ps:scale', 'blog', 'web=-1'))
  failed(await ssh('ps:scale', 'blog', 'web=lots'))
  failed(await ssh('ps:scale', 'blog', 'nothing=1'))
})

test('ps:stop stops an app until ps:start, whatever is configured meanwhile', async () => {
  ok(await ssh('ps:stop', 'blog'))
  await eventually(async () => assert.equal((await instance.fetch('blog')).status, 502))
  assert.match(ok(await ssh('ps:report', 'blog')), /Running: +false/)
  assert.match(ok(await ssh('config:set', 'blog', 'WHILE=stopped')), /blog is stopped/)
  assert.equal((await instance.fetch('blog')).status, 502)
  ok(await ssh('ps:start', 'blog'))
  assert.equal((await instance.fetch('blog')).status, 200)
  assert.equal(ok(await ssh('run', 'blog', 'printenv', 'WHILE')), 'stopped\n')
})

test('logs prints the lines of an app, follows them with -t, and keeps to a process with -p', async () => {
  assert.match(ok(await ssh('logs', 'blog', '-n', '5')), /^\S+ (app|blog)\[web\.\d\]: web one listens/m)
  const following = instance.sshStart(['logs', 'blog', '-t', '-n', '0'])
  let said = ''
  following.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  const [name] = await instance.engine.lines(
    'ps',
    '--format',
    '{{.Names}}',
    '--filter',
    `label=dokku.instance=${instance.name}`,
    '--filter',
    'name=blog.web.1',
  )
  await eventually(async () => {
    ok(await instance.engine.docker(['exec', name ?? '', 'sh', '-c', 'echo a new line >/proc/1/fd/1']))
    assert.match(said, /a new line/)
  })
  following.kill('SIGKILL')
  await following
})

test('run gives output, input and exit status of a command in a new container', async () => {
  assert.equal(ok(await ssh('run', 'blog', 'echo', 'two  blanks', '-e', '*')), 'two  blanks -e *\n')
  failed(await ssh('run', 'blog', 'sh', '-c', 'exit 42'), 42)
  failed(await ssh('run', 'blog', 'sh', '-c', 'kill -9 $$'), 137)
  const { stdout, stderr } = await ssh('run', 'blog', 'sh', '-c', 'echo out; echo err >&2')
  assert.deepEqual([stdout, stderr.includes('err')], ['out\n', true])
  const piped = await instance.sshLine('run blog wc -c', { input: 'x'.repeat(1_000_000) })
  assert.equal(ok(piped).trim(), '1000000')
  assert.equal(ok(await ssh('run', '-e', 'EXTRA=a b', 'blog', 'printenv', 'EXTRA')), 'a b\n')
  const left = await instance.engine.lines(
    'ps',
    '--all',
    '--format',
    '{{.Names}}',
    '--filter',
    'label=com.dokku.container-type=run',
    '--filter',
    `label=dokku.instance=${instance.name}`,
  )
  assert.deepEqual(left, [])
})

test('run with a terminal has one of the right kind', async () => {
  const tty = await instance.sshLine(`run blog sh -c 'tty; echo $TERM'`, { ssh: ['-tt'] })
  assert.match(ok(tty), /\/dev\/pts\/0\r\n\S+/)
})

test('enter runs a command in a container that serves', async () => {
  assert.match(ok(await ssh('enter', 'blog', 'web', 'printenv', 'DYNO')), /^web\.1\n$/)
  failed(await ssh('enter', 'blog', 'web.2', 'sh', '-c', 'exit 7'), 7)
})

test('domains:add, domains:report and domains:remove keep a domain for one app', async () => {
  ok(await ssh('domains:add', 'blog', 'blog.example.com', 'BLOG.example.org'))
  assert.match(ok(await ssh('domains:report', 'blog')), /blog\.example\.com blog\.example\.org/)
  ok(await ssh('apps:create', 'other'))
  assert.match(failed(await ssh('domains:add', 'other', 'blog.example.com')), /already serves blog/)
  for (const name of ['a b', '-x.example.com', 'x;.example.com', 'http://x', '{}', 'x'.repeat(300)])
    failed(await ssh('domains:add', 'other', '--', name))
  ok(await ssh('domains:remove', 'blog', 'blog.example.com', 'blog.example.org'))
  assert.equal((await instance.fetch('blog')).status, 200)
})

test('ssh-keys:add, ssh-keys:list and ssh-keys:remove let people in and out', async () => {
  const bob = await keyPair(`${instance.dir}/bob`)
  const key = `${instance.dir}/bob`
  assert.match(ok(await instance.sshLine('ssh-keys:add bob --role deployer', { input: bob })), /SHA256:/)
  assert.equal(ok(await instance.sshLine('apps:exists blog', { key })), '')
  assert.match(failed(await instance.sshLine('ssh-keys:list', { key })), /bob may not ssh-keys:list/)
  assert.match(ok(await ssh('ssh-keys:list')), /NAME="ada"[\s\S]*NAME="bob"/)
  assert.match(failed(await instance.sshLine('ssh-keys:add again', { input: bob })), /already registered as bob/)
  assert.match(failed(await instance.sshLine('ssh-keys:add bob', { input: await keyPair(`${instance.dir}/carol`) })), /key named bob/)
  failed(await instance.sshLine('ssh-keys:add eve', { input: 'not a key' }))
  ok(await ssh('ssh-keys:remove', 'bob'))
  failed(await instance.sshLine('apps:exists blog', { key }), 255)
})

test('help lists commands, a group and a command; version says which', async () => {
  assert.match(ok(await ssh('help')), /apps[\s\S]*config[\s\S]*releases/)
  assert.match(ok(await ssh('apps:help')), /apps:create[\s\S]*apps:destroy/)
  assert.match(ok(await ssh('help', 'config:set')), /--no-restart/)
  assert.equal(ok(await instance.sshLine(undefined)), ok(await ssh('help')))
  assert.match(ok(await ssh('version')), /^dokku version \d+\.\d+\.\d+/)
})

test('apps:destroy asks for the name, and takes everything with it', async () => {
  assert.match(failed(await instance.sshLine('apps:destroy blog', { input: 'block\n' })), /did not match/)
  assert.equal((await instance.fetch('blog')).status, 200)
  ok(await instance.sshLine('apps:destroy blog', { input: 'blog\n' }))
  failed(await ssh('apps:exists', 'blog'), 20)
  assert.equal((await instance.fetch('blog')).status, 404)
  const filters = ['--filter', `label=dokku.instance=${instance.name}`, '--filter', 'label=com.dokku.app-name=blog']
  await eventually(async () => assert.deepEqual(await instance.engine.lines('ps', '--all', '--quiet', ...filters), []))
  ok(await ssh('--force', 'apps:destroy', 'other'))
})

test('a destroyed name can be pushed again and starts from nothing', async () => {
  const { stderr, exitCode } = await instance.push(mixed, 'blog')
  assert.equal(exitCode, 0, stderr)
  assert.deepEqual(await json('config:show', 'blog'), {})
  assert.equal((await json('releases:list', 'blog')).length, 1)
})
