import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type ExecResult, start } from '#lib/exec.ts'
import { gitArgv } from '#lib/git.ts'
import { ask, attempt, eventually, failed, keyPair, ok, type Repo, repo, startInstance, versions } from './harness.ts'

const instance = await startInstance({ suffix: 'http' })
const work = await repo(versions)
after(() => Promise.all([instance.remove(), work.remove()]))
const { ssh, sshLine } = instance
const host = `dokku.${instance.hostname}`
const at = { address: instance.engine.address, port: instance.ports.http, host }
const env = { PATH: process.env.PATH ?? '', HOME: instance.dir, LC_ALL: 'C.UTF-8', GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_NOSYSTEM: '1' }

const remote = (app: string, token: string, user = 'anybody') => `http://${user}:${token}@${host}:${at.port}/${app}.git`
const overHttp = (...words: string[]) => gitArgv(['-c', `http.curloptResolve=${host}:${at.port}:${at.address}`, ...words])
const git = (...words: string[]): Promise<ExecResult> => attempt(overHttp(...words), { env })
const push = (from: Repo, app: string, token: string, ...refspecs: string[]) =>
  git('-C', from.dir, 'push', remote(app, token), ...(refspecs.length === 0 ? ['main'] : refspecs))
const token = async (...words: string[]) => ok(await ssh('tokens:create', ...words)).trim()

/** Somebody with a key of their own. */
async function person(name: string, role: string): Promise<(line: string) => Promise<ExecResult>> {
  const key = join(instance.dir, name)
  ok(await sshLine(`ssh-keys:add ${name} ${role === 'none' ? '' : `--role ${role}`}`, { input: await keyPair(key) }))
  return (line) => sshLine(line, { key })
}

const mine = await token('mine')
ok(await ssh('apps:create', 'shop'))
ok(await ssh('config:set', '--no-restart', 'shop', 'VERSION=one'))

test('a push over HTTP deploys, with its progress and a warning that the token could be read on the way', async () => {
  const { stderr, exitCode } = await push(work, 'shop', mine)
  assert.equal(exitCode, 0, stderr)
  assert.match(stderr, /remote: -----> Building shop/)
  assert.match(stderr, /remote: =====> Application deployed:/)
  assert.match(stderr, /The token came over plain HTTP/)
  assert.equal((await instance.fetch('shop')).body, 'one')
})

test('a first push over HTTP makes the app; clone and fetch give back what was pushed', async () => {
  ok(await push(work, 'fresh', mine))
  const clone = join(instance.dir, 'clone')
  ok(await git('clone', '--quiet', remote('fresh', mine), clone))
  const head = await work.git('rev-parse', 'HEAD')
  assert.equal(ok(await git('-C', clone, 'rev-parse', 'HEAD')).trim(), head)
  await work.commit({ 'more.txt': 'more' })
  ok(await push(work, 'fresh', mine))
  ok(await git('-C', clone, 'fetch', '--quiet'))
  assert.equal(ok(await git('-C', clone, 'rev-parse', 'origin/main')).trim(), await work.git('rev-parse', 'HEAD'))
})

test('without a token, with a wrong one and with what is none nobody comes in', async () => {
  const answer = await ask({ ...at, path: '/shop.git/info/refs?service=git-receive-pack' })
  assert.equal(answer.status, 401)
  assert.match(String(answer.headers['www-authenticate']), /^Basic realm=/)
  for (const wrong of ['wrong', `${mine}x`, 'dokku_', ' '])
    assert.match(failed(await push(work, 'shop', encodeURIComponent(wrong)), 128), /401|Authentication failed|could not read/)
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
  for (const headers of [basic(`x:${mine}`), basic(`:${mine}`), { authorization: `Bearer ${mine}` }])
    assert.equal((await ask({ ...at, path: '/shop.git/info/refs?service=git-upload-pack', headers })).status, 200)
  for (const headers of [basic(mine.slice(0, -1)), basic(`${mine}:x`), { authorization: 'Basic %%%' }, { authorization: `Digest ${mine}` }])
    assert.equal((await ask({ ...at, path: '/shop.git/info/refs?service=git-upload-pack', headers })).status, 401)
})

test('a token of another app, of a viewer, or of somebody without a role there does nothing', async () => {
  const ofShop = await token('of-shop', '--app', 'shop')
  const looks = await token('looks', '--role', 'viewer')
  assert.match(failed(await push(work, 'fresh', ofShop), 128), /may not create the app fresh/)
  assert.match(failed(await push(work, 'brand-new', ofShop), 128), /may not create the app/)
  assert.match(failed(await push(work, 'shop', looks), 128), /may not push at shop/)
  ok(await push(work, 'shop', ofShop))
})

test('names that are none, other services and other paths are refused', async () => {
  const headers = { authorization: `Bearer ${mine}` }
  const refs = (name: string, service = 'git-receive-pack') => ask({ ...at, path: `/${name}/info/refs?service=${service}`, headers })
  for (const name of ['..%2f..%2fetc', '%2e%2e/x.git', 'a%00b', '$(id)', 'UPPER', 'dokku', '-x', '~root', 'a%0ab'])
    assert.equal((await refs(name)).status, 400, name)
  for (const service of ['git-upload-archive', 'sh', '', 'git-receive-pack%20--foo'])
    assert.equal((await refs('shop.git', service)).status, 400)
  for (const path of ['/shop.git/HEAD', '/shop.git/objects/info/packs']) assert.equal((await ask({ ...at, path, headers })).status, 400)
  for (const path of ['/', '/shop.git', '/shop.git/config', '/api', '/hooks'])
    assert.equal((await ask({ ...at, path, headers })).status, 404, path)
  assert.equal((await ask({ ...at, path: '/shop.git/git-receive-pack', headers })).status, 400)
})

test('a repository of the newer object format deploys, once the app takes that', async () => {
  const newer = join(instance.dir, 'newer')
  ok(await attempt(['git', 'init', '--quiet', '--object-format=sha256', '--initial-branch=main', newer], { env }))
  for (const file of ['Dockerfile', 'server.mjs']) await copyFile(join(work.dir, file), join(newer, file))
  const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.com']
  ok(await git('-C', newer, 'add', '--all'))
  ok(await git(...identity, '-C', newer, 'commit', '--quiet', '--message', 'Newer'))
  ok(await ssh('apps:create', 'newer'))
  assert.match(failed(await git('-C', newer, 'push', remote('newer', mine), 'main')), /hash algorithm|capabilities/)
  ok(await ssh('git:initialize', 'newer', '--object-format', 'sha256'))
  ok(await git('-C', newer, 'push', remote('newer', mine), 'main'))
  assert.match(ok(await ssh('git:status', 'newer')), /deployed: [0-9a-f]{64}/)
})

test('webhooks come in by the door, as far as they are not too long', async () => {
  const post = (body: string, path = '/hooks/shop') => ask({ ...at, path, method: 'POST', body })
  assert.equal((await post('{}')).status, 404)
  assert.equal((await post('{}', '/hooks/nothing')).status, 404)
  assert.equal((await post('x'.repeat(5 * 1024 ** 2 + 1))).status, 413)
})

test('/healthz answers anybody, and says no more than that all is well', async () => {
  const { status, body } = await ask({ ...at, path: '/healthz' })
  assert.deepEqual([status, body], [200, 'ok\n'])
})

test('the door’s host is nobody’s', async () => {
  assert.match(failed(await ssh('domains:add', 'shop', host)), /git over HTTP/)
  assert.match(failed(await ssh('apps:create', 'dokku')), /reserved/)
})

test('a push of tens of megabytes arrives, compressed and in chunks', async () => {
  await work.commit({
    'noise.bin': randomBytes(30 * 2 ** 20).toString('latin1'),
    Dockerfile: `${versions.Dockerfile}\nRUN rm -f noise.bin\n`,
  })
  ok(await push(work, 'fresh', mine))
})

test('a push that stops half way leaves nothing, and the next one arrives', async () => {
  const before = await work.git('rev-parse', 'HEAD')
  await work.commit({ 'more-noise.bin': randomBytes(20 * 2 ** 20).toString('latin1') })
  const pushing = start(overHttp('-C', work.dir, '-c', 'http.postBuffer=65536', 'push', '--progress', remote('fresh', mine), 'main'), {
    env,
  })
  pushing.stdin.end()
  await new Promise<void>((resolve) => {
    let said = ''
    pushing.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk
      if (/Writing objects/.test(said)) resolve()
    })
  })
  process.kill(-(pushing.pid ?? assert.fail()), 'SIGKILL')
  await pushing
  const refs = async () => ok(await git('ls-remote', remote('fresh', mine), 'refs/heads/main')).slice(0, 40)
  const now = await refs()
  assert.ok([before, await work.git('rev-parse', 'HEAD')].includes(now))
  ok(await push(work, 'fresh', mine))
  assert.equal(await refs(), await work.git('rev-parse', 'HEAD'))
})

test('a token that is taken away in the middle of a push ends it, and the release that serves stays', async () => {
  const brief = await token('brief')
  await work.commit({ Dockerfile: `${versions.Dockerfile}\nRUN echo it builds && sleep 60\n` })
  const pushing = start(overHttp('-C', work.dir, 'push', remote('shop', brief), 'main'), { env })
  pushing.stdin.end()
  let said = ''
  pushing.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  await eventually(async () => assert.match(said, /it builds/))
  ok(await ssh('tokens:revoke', 'brief'))
  assert.notEqual((await pushing).exitCode, 0)
  assert.match(said, /was taken away/)
  assert.equal((await instance.fetch('shop')).body, 'one')
  assert.match(failed(await push(work, 'shop', brief), 128), /401|Authentication failed|could not read/)
})

test('a key that is taken away in the middle of a push ends it', async () => {
  await person('eve', 'deployer')
  const pushing = start(gitArgv(['-C', work.dir, 'push', instance.remote('shop'), 'main']), {
    env: {
      ...env,
      GIT_SSH_COMMAND: instance
        .sshArgv({ key: join(instance.dir, 'eve') })
        .slice(0, -1)
        .join(' '),
    },
  })
  pushing.stdin.end()
  let said = ''
  pushing.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  await eventually(async () => assert.match(said, /it builds/))
  ok(await ssh('ssh-keys:remove', 'eve'))
  assert.notEqual((await pushing).exitCode, 0)
  assert.match(said, /was taken away/)
})

test('roles: a stranger sees nothing, a viewer looks, a deployer of one app deploys that one, whoever makes an app owns it', async () => {
  ok(await ssh('access:set', 'default-role', 'none'))
  const bob = await person('bob', 'none')
  assert.equal(ok(await bob('--quiet apps:list')), '')
  assert.match(failed(await bob('ps:report shop'), 20), /App shop does not exist/)
  assert.match(failed(await bob('apps:create his')), /bob may not apps:create/)
  ok(await ssh('access:grant', 'bob', 'viewer', 'shop'))
  assert.equal(ok(await bob('--quiet apps:list')), 'shop\n')
  ok(await bob('ps:report shop'))
  assert.match(failed(await bob('config:show shop')), /may not config:show at shop\n.*access:grant bob deployer shop/)
  ok(await ssh('access:grant', 'bob', 'deployer', '--app', 'shop'))
  ok(await bob('config:set --no-restart shop BY=bob'))
  assert.match(failed(await bob('--force apps:destroy shop')), /may not apps:destroy/)
  assert.match(failed(await bob('ps:report fresh'), 20), /does not exist/)
  assert.match(ok(await bob('access:list')), /^bob +deployer +shop$/m)
  assert.doesNotMatch(ok(await bob('access:list')), /ada/)
  assert.match(ok(await ssh('access:check', 'bob', 'ps:scale', 'shop')), /bob may ps:scale at shop/)
  assert.match(failed(await ssh('access:check', 'bob', 'plugin:install')), /bob may not/)
  ok(await ssh('access:grant', 'bob', 'deployer'))
  ok(await bob('apps:create his'))
  ok(await ssh('access:revoke', 'bob'))
  ok(await bob('--force apps:destroy his'))
  assert.match(failed(await bob('tokens:revoke mine')), /no token/)
  assert.match(failed(await ssh('access:grant', 'nobody', 'admin')), /no user named "nobody"/)
})

test('audit:list tells who did what by which credential and which release it made, never a secret, and audit:verify that it is whole', async () => {
  ok(await ssh('config:set', '--no-restart', 'shop', 'PASSWORD=hush-hush'))
  const entries = JSON.parse(ok(await ssh('audit:list', '--num', '1000', '--format', 'json'))) as Record<string, string | number | null>[]
  const find = (text: RegExp) => entries.filter((entry) => text.test(String(entry.text)))
  const [pushed] = find(/^git push main/)
  assert.deepEqual([pushed?.by, pushed?.credential, pushed?.door, pushed?.app, pushed?.release], ['ada', 'token mine', 'http', 'shop', 1])
  assert.ok(find(/^git push/).some(({ error, status }) => error === 'credential-revoked' && status === 1))
  assert.ok(find(/^apps:destroy/).some(({ by, error }) => by === 'bob' && error === 'not-allowed'))
  assert.match(String(find(/^config:set --no-restart PASSWORD/)[0]?.credential), /^key SHA256:/)
  assert.ok(find(/^apps:list/).length > 0)
  assert.doesNotMatch(JSON.stringify(entries), /hush-hush/)
  assert.match(ok(await ssh('audit:verify')), /entries are whole\n {7}[0-9a-f]{64}/)
})
