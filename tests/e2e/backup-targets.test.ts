import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { attempt, eventually, failed, freePort, ok, scratch, startInstance, versionImage } from './harness.ts'

// Backups at other places: what speaks like S3 (s3rver, from npm), one in front of it that lies, and another host by ssh.
const instance = await startInstance({ suffix: 'targets' })
const { engine, name, ssh } = instance
const place = await scratch()
const closing: (() => unknown)[] = []
after(async () => {
  for (const close of closing) await close()
  await Promise.all([instance.remove(), place.remove()])
})

const host = ok(await engine.docker(['inspect', '--format', '{{.NetworkSettings.Gateway}}', name])).trim()
const made = (said: string) => /=====> (\S+):/.exec(said)?.[1] ?? ''
let s3 = 0

before(async () => {
  await engine.build(`${name}/fixture:latest`, versionImage('one'), name)
  ok(await ssh('git:from-image', 'shop', `${name}/fixture:latest`))
  ok(await ssh('storage:create', 'uploads'))
  ok(await ssh('storage:mount', 'shop', 'uploads:/data'))
  ok(await ssh('run', 'shop', 'sh', '-c', 'head -c 40000000 /dev/urandom > /data/large'))
  ok(await attempt(['npm', 'install', '--prefix', place.dir, '--no-audit', '--no-fund', 's3rver@3.7.1']))
  const { default: S3rver } = await import(`${place.dir}/node_modules/s3rver/lib/s3rver.js`)
  const server = new S3rver({
    port: 0,
    address: '0.0.0.0',
    silent: true,
    directory: `${place.dir}/s3`,
    configureBuckets: [{ name: 'backups' }],
  })
  s3 = ((await server.run()) as AddressInfo).port
  closing.push(() => server.close())
  ok(await ssh('backup:set', '--global', 'passphrase', 'correct horse battery staple'))
})

test('a bucket keeps backups in pieces, gives them back, and proves them', async () => {
  assert.match(failed(await ssh('backup:create', '--to', 's3://backups/dokku')), /there is no key for S3/)
  for (const [key, value] of [
    ['s3-endpoint', `http://${host}:${s3}`],
    ['s3-access-key', 'S3RVER'],
    ['s3-secret-key', 'S3RVER'],
    ['target', 's3://backups/dokku'],
  ] as const)
    ok(await ssh('backup:set', '--global', key, value))
  const backup = made(ok(await ssh('backup:create')))
  assert.match(ok(await ssh('backup:list')), new RegExp(`Backups at s3://backups/dokku\\n${backup}`))
  assert.match(ok(await ssh('backup:verify', backup)), /is proved/)
  assert.match(ok(await ssh('backup:restore', backup, '--app', 'shop', '--as', 'again')), /again is restored/)
  assert.equal((await instance.fetch('again')).body, 'one')
  assert.match(failed(await ssh('backup:create', '--to', 's3://nowhere/dokku')), /bucket does not exist/)
  ok(await ssh('backup:delete', backup))
  assert.match(ok(await ssh('backup:list')), /No backups/)
  assert.match(ok(await ssh('backup:list', '--from', 'local')), /No backups at local/)
})

test('a store that is dead, or says that it took what it did not, keeps no backup', async () => {
  let lie = false
  const liar = createServer((asked, answer) => {
    const on = request({ host: '127.0.0.1', port: s3, method: asked.method, path: asked.url, headers: asked.headers }, (said) => {
      answer.writeHead(said.statusCode ?? 500, said.headers)
      said.on('data', (chunk: Buffer) =>
        answer.write(lie && asked.method === 'GET' && asked.url?.includes('.dokku-backup') ? chunk.fill(0) : chunk),
      )
      said.on('end', () => answer.end())
    })
    asked.pipe(on)
  }).listen(0)
  await once(liar, 'listening')
  closing.push(() => liar.close())
  ok(await ssh('backup:set', '--global', 's3-endpoint', `http://${host}:${(liar.address() as AddressInfo).port}`))
  const honest = made(ok(await ssh('backup:create')))
  lie = true
  assert.match(failed(await ssh('backup:create')), /said that it took the backup, and does not have it as it was written/)
  lie = false
  assert.deepEqual(
    JSON.parse(ok(await ssh('backup:list', '--format', 'json'))).map((one: { name: string }) => one.name),
    [honest],
  )
  ok(await ssh('backup:set', '--global', 's3-endpoint', `http://${host}:${await freePort()}`))
  assert.match(failed(await ssh('backup:create')), /ECONNREFUSED/)
  assert.match(ok(await ssh('events')), /the backup to s3:.* failed/)
  assert.equal((await instance.fetch('shop')).body, 'one')
})

test('another host takes backups by ssh from whom it knows, and gives them back', async () => {
  const other = `${name}-other`
  ok(
    await engine.docker([
      ...['run', '--detach', '--name', other, '--label', `dokku.instance=${name}`, '--entrypoint', 'bash', instance.image],
      ...['-c', 'mkdir -p /run/sshd /root/.ssh && ssh-keygen -qA && exec /usr/sbin/sshd -D -e'],
    ]),
  )
  const address = ok(await engine.docker(['inspect', '--format', '{{.NetworkSettings.IPAddress}}', other])).trim()
  const target = `ssh://root@${address}/srv/back ups`.replace(' ', '%20')
  assert.match(failed(await ssh('backup:create', '--to', target)), /target-failed|Host key|verification|ended with status 255/)
  ok(await ssh('git:generate-deploy-key'))
  await eventually(async () => ok(await ssh('git:allow-host', address)))
  const key = ok(await ssh('git:public-key'))
  ok(await engine.docker(['exec', '--interactive', other, 'sh', '-c', 'umask 077 && cat >> /root/.ssh/authorized_keys'], { input: key }))
  const backup = made(ok(await ssh('backup:create', 'shop', '--to', target)))
  assert.match(ok(await ssh('backup:list', '--from', target)), new RegExp(backup))
  assert.deepEqual(
    ok(await engine.docker(['exec', other, 'ls', '-A', '/srv/back ups']))
      .trim()
      .split('\n')
      .sort(),
    [`${backup}.dokku-backup`, `${backup}.json`],
  )
  assert.match(ok(await ssh('backup:restore', backup, '--from', target, '--as', 'third')), /third is restored/)
  assert.equal((await instance.fetch('third')).body, 'one')
  ok(await engine.docker(['exec', other, 'sh', '-c', 'rm -rf "/srv/back ups" && touch "/srv/back ups"']))
  assert.match(failed(await ssh('backup:create', '--to', target)), /ended with status 1/)
  assert.match(failed(await ssh('backup:create', '--to', `ssh://root@${address}:1/srv`)), /ended with status 255/)
})

test('a schedule is kept, said, and refused where it is none', async () => {
  assert.match(ok(await ssh('backup:schedule', 'daily', '--verify', 'weekly')), /17 3 \* \* \*, next 20.*; proved: 17 4 \* \* 0/)
  assert.match(failed(await ssh('backup:schedule', 'sometimes')), /is no schedule/)
  assert.match(failed(await ssh('backup:schedule')), /nothing was said about when/)
  assert.match(ok(await ssh('backup:schedule', 'off', '--verify', 'off')), /Backups are made: off; proved: off/)
})
