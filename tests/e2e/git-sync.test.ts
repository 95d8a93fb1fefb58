import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { packTar } from 'modern-tar'
import { run } from '#lib/exec.ts'
import { ask, eventually, failed, ok, repo, startInstance, untilHealthy, versions } from './harness.ts'

// Deploys that are no push: from a git server over HTTP with a password and over ssh with a key, when it tells of a push, from
// archives and from images.
const instance = await startInstance({ suffix: 'sync' })
const { engine, ssh, sshLine } = instance
const say = (version: string) => ({ Dockerfile: versions.Dockerfile.replace('CMD', `ENV VERSION=${version}\nCMD`) })
const work = await repo({ ...versions, ...say('one') })
after(() => Promise.all([instance.remove(), work.remove()]))

const server = `${instance.name}-git`
const serve = `mkdir -p /run/sshd /srv/work /root/.ssh && ssh-keygen -qA && /usr/sbin/sshd -e && git init -q --bare -b main /srv/repositories/app.git
printf '#!/bin/sh\\ntest "$1" = me && test "$(cat)" = "a secret"\\n' >/srv/auth && chmod +x /srv/auth
exec node /opt/dokku/gitreceive/main.ts http /srv/repositories /bin/true --auth /srv/auth --listen 0.0.0.0:8080`
ok(
  await engine.docker([
    ...['run', '--detach', '--name', server, '--label', `dokku.instance=${instance.name}`],
    ...['--entrypoint', 'bash', instance.image, '-c', serve],
  ]),
)
const address = ok(await engine.docker(['inspect', '--format', '{{.NetworkSettings.IPAddress}}', server])).trim()
const url = `http://${address}:8080/app.git`
await eventually(() => ask({ address, port: 8080, host: address }))
ok(await ssh('apps:create', 'shop'))

/** Commits files where the git server has them; gives the commit. */
async function publish(files: Record<string, string>): Promise<string> {
  await work.commit(files)
  ok(await engine.docker(['cp', `${work.dir}/.`, `${server}:/srv/work`]))
  ok(await engine.docker(['exec', server, 'git', '--git-dir', '/srv/repositories/app.git', 'fetch', '-q', '/srv/work', '+main:main']))
  return await work.git('rev-parse', 'HEAD')
}
const says = async (version: string) => assert.equal((await instance.fetch('shop')).body, version)
const status = async () => JSON.parse(ok(await ssh('git:status', 'shop', '--format', 'json'))) as Record<string, string>

test('a repository in a private network is refused until an admin allows it, and a private one until there is a password', async () => {
  const commit = await publish(say('one'))
  assert.match(
    failed(await ssh('git:sync', '--build', 'shop', url)),
    new RegExp(`${address} is ${address}.*\\n.*git:allow-private ${address}`),
  )
  ok(await ssh('git:allow-private', `${address}/32`))
  assert.match(failed(await ssh('git:sync', '--build', 'shop', url), 128), /git:auth [\d.]+ USER PASSWORD/)
  assert.equal((await status()).head, '')
  ok(await sshLine(`git:auth ${address} me`, { input: 'a secret\n' }))
  const said = ok(await ssh('git:sync', '--build', 'shop', url, 'main'))
  assert.match(said, /-----> Building shop\n {7}Fetching main of http:\/\/[\d.]+:8080\/app\.git\n/)
  await says('one')
  const { head, status: is } = await status()
  assert.deepEqual([head, is], [commit, 'deployed'])
})

test('a sync builds only what changed, and without --build nothing', async () => {
  assert.match(ok(await ssh('git:sync', '--build-if-changes', 'shop', url)), /no changes/)
  const commit = await publish(say('two'))
  ok(await ssh('git:sync', 'shop', url))
  await says('one')
  assert.deepEqual([(await status()).head, (await status()).status], [commit, 'something else is deployed'])
  ok(await ssh('git:sync', '--build-if-changes', 'shop', url))
  await says('two')
})

test('a sync that fails leaves the app and its branch as they were', async () => {
  const before = await status()
  await publish({ Dockerfile: 'FROM node:24-slim\nRUN false\n' })
  failed(await ssh('git:sync', '--build', 'shop', url))
  assert.deepEqual(await status(), before)
  await says('two')
})

test('over ssh a deploy key gets in, and only at a host whose key is trusted', async () => {
  await publish(say('three'))
  const key = ok(await ssh('git:generate-deploy-key')).trim()
  assert.equal(ok(await ssh('git:public-key')).trim(), key)
  ok(await engine.docker(['exec', '-i', server, 'tee', '/root/.ssh/authorized_keys'], { input: `${key}\n` }))
  const remote = `ssh://root@${address}/srv/repositories/app.git`
  assert.match(failed(await ssh('git:sync', '--build', 'shop', remote), 128), new RegExp(`git:allow-host ${address}`))
  assert.match(ok(await ssh('git:allow-host', address)), /256 SHA256:\S+ .*ED25519/)
  ok(await ssh('git:sync', '--build', 'shop', remote))
  await says('three')
})

test('what the instance is allowed and given for hosts can be asked, and taken back', async () => {
  assert.equal(ok(await ssh('git:auth-status', address)), `${address} as me\n`)
  assert.equal(ok(await ssh('git:allow-private')), `${address}/32\n`)
  ok(await ssh('git:auth', 'other.example.com', 'me', 'hidden'))
  ok(await ssh('git:auth', 'other.example.com'))
  assert.match(failed(await ssh('git:auth-status', 'other.example.com')), /no credentials/)
  assert.ok(!ok(await ssh('events')).includes('hidden'))
  assert.ok(!ok(await ssh('audit:list')).includes('hidden'))
})

test('git:unlock removes what a killed git left, and a push goes through again', async () => {
  const [id] = (await engine.lines('exec', instance.name, 'ls', '/var/lib/dokku/repositories')).filter((name) => name.endsWith('.git'))
  const lock = `/var/lib/dokku/repositories/${id}/refs/heads/main.lock`
  ok(await engine.docker(['exec', instance.name, 'touch', '--date', '5 minutes ago', lock]))
  assert.match(ok(await ssh('git:unlock', 'shop')), /Removed 1 lock of shop/)
  ok(await ssh('git:initialize', 'shop'))
  ok(await ssh('git:sync', 'shop', url))
})

test('a git host that tells of a push has it deployed, once', async () => {
  const secret = /^Secret: (\S+)$/m.exec(ok(await ssh('webhooks:enable', 'shop', '--repository', url)))?.[1] ?? ''
  const after = await publish(say('four'))
  const body = JSON.stringify({ ref: 'refs/heads/main', after })
  const post = (signature: string) =>
    ask({
      ...{ address: engine.address, port: instance.ports.http, host: `dokku.${instance.hostname}`, path: '/hooks/shop' },
      ...{ method: 'POST', body },
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'push',
        'x-github-delivery': '1',
        'x-hub-signature-256': `sha256=${signature}`,
      },
    })
  assert.equal((await post('wrong')).status, 401)
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  assert.equal((await post(signature)).status, 202)
  await eventually(() => says('four'), 90)
  assert.equal((await post(signature)).status, 401)
  const [build] = JSON.parse(ok(await ssh('builds:list', 'shop', '--format', 'json'))) as { source: string }[]
  assert.equal(build?.source, after)
})

test('a control killed in the middle of a fetch leaves nothing of it, and the same sync again succeeds', async () => {
  const before = await status()
  await publish(say('later'))
  ok(await engine.docker(['pause', server]))
  const syncing = instance.sshStart(['git:sync', '--build', 'shop', url])
  await new Promise<void>((resolve) => {
    syncing.stdout.setEncoding('utf8').on('data', (text: string) => text.includes('Fetching') && resolve())
  })
  const scratches = () => engine.docker(['exec', instance.name, 'ls', '/var/lib/dokku/builds'])
  await eventually(async () => assert.match(ok(await scratches()), /^git-/))
  ok(await engine.docker(['kill', instance.name]))
  ok(await engine.docker(['start', instance.name]))
  assert.notEqual((await syncing).exitCode, 0)
  await untilHealthy(engine, instance.name)
  ok(await engine.docker(['unpause', server]))
  assert.equal((await scratches()).stdout, '')
  assert.deepEqual(await status(), before)
  ok(await ssh('git:sync', '--build', 'shop', url))
  await says('later')
})

test('an archive is deployed as a commit, from standard input and from a URL, and a hostile one not at all', async () => {
  await work.commit(say('five'))
  const archive = join(instance.dir, 'app.tar.gz')
  await run(['git', '-C', work.dir, 'archive', '--prefix=app/', '--output', archive, 'HEAD'])
  assert.match(ok(await sshLine('git:from-archive shop --', { input: await readFile(archive) })), /-----> Building shop/)
  await says('five')
  assert.equal((await status()).status, 'deployed')
  await work.commit(say('six'))
  const zip = join(instance.dir, 'app.zip')
  await run(['git', '-C', work.dir, 'archive', '--output', zip, 'HEAD'])
  ok(await engine.docker(['cp', zip, `${server}:/srv/app.zip`]))
  const files = "http.createServer((_, to) => fs.createReadStream('/srv/app.zip').pipe(to)).listen(8081)"
  ok(await engine.docker(['exec', '--detach', server, 'node', '-e', files]))
  await eventually(() => ask({ address, port: 8081, host: address, method: 'HEAD' }))
  ok(await ssh('git:from-archive', 'shop', `http://${address}:8081/app.zip`))
  await says('six')
  const before = await status()
  const out = await packTar([{ header: { name: '../out', size: 1 }, body: 'x' }])
  assert.match(failed(await sshLine('git:from-archive shop --', { input: out }), 2), /leads out of it/)
  assert.deepEqual(await status(), before)
})

test('an image is deployed from what docker save writes, and gets no name but that of its release', async () => {
  const [file, saved] = [join(instance.dir, 'image.tar'), `${instance.name}/shop:v1`]
  ok(await engine.docker(['tag', saved, `${instance.name}-saved`]))
  ok(await engine.docker(['save', '--output', file, `${instance.name}-saved`]))
  ok(await engine.docker(['rmi', `${instance.name}-saved`]))
  ok(await sshLine(`git:load-image shop ${instance.name}-saved`, { input: await readFile(file) }))
  await says('one')
  const tags = await engine.lines('images', '--format', '{{.Repository}}:{{.Tag}}')
  assert.deepEqual(
    tags.filter((tag) => tag.includes('-saved') || tag.includes('loading')),
    [],
  )
  ok(await ssh('ps:rebuild', 'shop'))
  await says('one')
})
