import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { after, test } from 'node:test'
import { eventually, failed, greedyImage, ok, openFrom, startInstance } from './harness.ts'

const env = { DOKKU_APP_MEMORY: '1g' }
const instance = await startInstance({ suffix: 'isolation', env })
const published = await startInstance({ suffix: 'apart', env: { ...env, DOKKU_NETWORK: 'published' } })
after(() => Promise.all([instance.remove(), published.remove()]))
const { engine, name, ssh } = instance
const image = `${name}/greedy:latest`
await engine.build(image, greedyImage, name)
for (const one of [instance, published])
  for (const [app, of] of Object.entries({ nosy: image, shop: image })) ok(await one.ssh('git:from-image', app, of))

const inspected = async (container: string, format: string) => ok(await engine.docker(['inspect', '--format', format, container])).trim()
const addressesOf = async (container: string) =>
  (await inspected(container, '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}')).split(' ').filter(Boolean)
const gatewayOf = (container: string) => inspected(container, '{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}')
const others = async () => {
  const names = [instance, published].flatMap((one) => [`${one.name}-shop.web.1`, one.name, `${one.name}-ssh`])
  return (await Promise.all(names.map(addressesOf))).flat()
}

for (const [lane, one] of Object.entries({ 'the host’s network': instance, 'published ports': published })) {
  for (const inside of ['run', 'enter'] as const)
    test(`an app reaches no port of other apps, of control or of the gateway, of its own instance or another: ${lane}, ${inside}`, async () => {
      const strangers = await others()
      assert.equal(strangers.length, 6)
      assert.deepEqual(await openFrom(one, 'nosy', strangers, { inside }), [])
    })

  test(`an app has one network interface and no IPv6: ${lane}`, async () => {
    const said = ok(await one.ssh('run', 'nosy', 'sh', '-c', 'ls /sys/class/net; cat /proc/net/if_inet6'))
    assert.deepEqual(said.split('\n').filter(Boolean), ['eth0', 'lo'])
  })
}

test('the scan finds what is open: the ports of the instance on the host, and those of the app itself', async () => {
  const gateway = await gatewayOf(`${name}-nosy.web.1`)
  assert.deepEqual(await openFrom(instance, 'nosy', [gateway], { ports: [instance.ports.http] }), [`${gateway}:${instance.ports.http}`])
  const own = await openFrom(instance, 'nosy', ['127.0.0.1'], { inside: 'enter' })
  assert.deepEqual(own, ['127.0.0.1:22', '127.0.0.1:5000', '127.0.0.1:6379'])
})

test('the appliance forwards nothing between the networks of apps that it joins', async () => {
  const forwards = ['cat', '/proc/sys/net/ipv4/ip_forward']
  assert.equal(ok(await engine.docker(['exec', `${published.name}-nginx`, ...forwards])), '0\n')
})

test('network:scan shows what of the host an app reaches, and whose it is', async () => {
  const servers = ['0.0.0.0', '127.0.0.1'].map((host) => createServer().listen(0, host))
  try {
    await Promise.all(servers.map((server) => once(server, 'listening')))
    const [open = 0, local] = servers.map((server) => (server.address() as AddressInfo).port)
    for (const one of [instance, published]) {
      const address = await gatewayOf(`${one.name}-nosy.web.1`)
      const found = JSON.parse(ok(await one.ssh('network:scan', 'nosy', '--format', 'json')))
      const at = (port: number | undefined) => found.filter((reached: { port: number }) => reached.port === port)
      assert.deepEqual(at(open), [{ address, port: open, what: 'a process of the host, of root' }])
      assert.deepEqual(at(one.ports.http), [{ address, port: one.ports.http, what: `container ${one.name}-nginx` }])
      assert.deepEqual(at(one.ports.ssh), [{ address, port: one.ports.ssh, what: `container ${one.name}-ssh` }])
      assert.deepEqual(at(local), [])
      assert.deepEqual(await openFrom(one, 'nosy', [address], { ports: [open] }), [`${address}:${open}`])
    }
    assert.match(
      ok(await ssh('network:scan', 'nosy')),
      new RegExp(`^=====> nosy reaches on the host\n(.+\n)*.+:${open} +a process of the host`),
    )
  } finally {
    for (const server of servers) server.close()
  }
})

test('an app has no socket of Docker’s or of ours, and nothing of the host is mounted into it', async () => {
  assert.equal(ok(await ssh('run', 'nosy', 'find', '/', '-xdev', '-type', 's')), '')
  const mounts = ok(await ssh('run', 'nosy', 'cut', '-d', ' ', '-f', '2', '/proc/mounts'))
  assert.doesNotMatch(mounts.replace('/usr/sbin/docker-init', ''), /docker|dokku/)
  assert.equal(
    await inspected(`${name}-nosy.web.1`, '{{json .Mounts}} {{.HostConfig.Privileged}} {{.HostConfig.NetworkMode}}'),
    `[] false ${name}-apps`,
  )
})

const rawSockets = [
  'perl',
  '-MSocket',
  '-e',
  'socket(S, AF_INET, SOCK_RAW, 1) ? print "icmp" : warn $!; socket(S, 17, SOCK_RAW, 768) ? print "packet" : warn $!',
]
const becomeRoot = 'cp /usr/bin/id /tmp/id && chmod u+s /tmp/id && setpriv --reuid=1000 --regid=1000 --clear-groups /tmp/id -u'

test('an app opens no raw socket, where a container as Docker starts it does', async () => {
  const refused = await ssh('run', 'nosy', ...rawSockets)
  assert.equal(refused.stdout, '')
  assert.match(refused.stderr, /(Operation not permitted.*\n?){2}/)
  assert.equal(ok(await engine.docker(['run', '--rm', '--label', `dokku.instance=${name}`, image, ...rawSockets])), 'icmppacket')
})

test('a setuid program gives an app no new privileges, where it does in a container as Docker starts it', async () => {
  assert.equal(ok(await ssh('run', 'nosy', 'sh', '-c', becomeRoot)), '1000\n')
  assert.equal(ok(await engine.docker(['run', '--rm', '--label', `dokku.instance=${name}`, image, 'sh', '-c', becomeRoot])), '0\n')
})

test('what usual images need still works: other users, ownership, low ports, ping sockets', async () => {
  const usual = [
    'chown 1000 /tmp && chgrp 1000 /tmp',
    'setpriv --reuid=1000 --regid=1000 --clear-groups --bounding-set=-all true',
    'setpriv --reuid=1000 --regid=1000 --clear-groups perl -MSocket -e "socket(S, AF_INET, SOCK_STREAM, 0) && bind(S, sockaddr_in(80, INADDR_ANY)) || die qq($!)"',
    'perl -MSocket -e "socket(S, AF_INET, SOCK_DGRAM, 1) || die qq($!)"',
    'chroot / true',
  ]
  ok(await ssh('run', 'nosy', 'sh', '-ec', usual.join('\n')))
})

test('an app starts no more than 4096 processes', async () => {
  const fork =
    'while ($n < 5000) { $p = fork; last if !defined $p; if (!$p) { sleep 60; exit } push @k, $p; $n++ } $why = "$!"; kill 9, @k; print "$n $why"'
  const [, count = '', why] = /^(\d+) (.*)/.exec(ok(await ssh('run', 'nosy', 'perl', '-e', fork))) ?? []
  assert.match(why ?? '', /Resource temporarily unavailable/)
  assert.ok(Number(count) > 4000 && Number(count) < 4096, count)
})

test('of what an app writes the engine keeps the last ten megabytes at least, and twenty at most', async () => {
  ok(await ssh('config:set', 'nosy', 'LINES=32000'))
  const { stdout } = await engine.docker(['logs', `${name}-nosy.web.1`])
  assert.ok(stdout.length > 10e6 && stdout.length < 20e6, `${stdout.length} bytes`)
  ok(await ssh('config:unset', 'nosy', 'LINES'))
})

test('a deploy whose process takes too much memory says so, and the old release goes on serving', async () => {
  const said = failed(await ssh('config:set', 'nosy', 'LEAK=1'))
  assert.match(said, /web\.1 was killed for memory \(limit 1 GiB\) before it was ready/)
  assert.match(said, /raise DOKKU_APP_MEMORY/)
  assert.equal((await instance.fetch('nosy')).body, 'here')
})

test('a one-off command that takes too much memory ends with status 137 and says why', async () => {
  const said = await ssh('run', '-e', 'LEAK=1', 'nosy', 'node', 'server.mjs')
  assert.equal(said.exitCode, 137)
  assert.match(said.stderr, /was killed for memory \(limit 1 GiB\)/)
})

test('a leak that shows later ends only its own container; events say why, and it serves again', async () => {
  await assert.rejects(instance.fetch('nosy', '/leak').then(({ status }) => assert.equal(status, 200)))
  await eventually(async () => assert.match(ok(await ssh('events', 'nosy')), /web\.1 was killed for memory \(limit 1 GiB\)/))
  assert.equal((await instance.fetch('shop')).body, 'here')
  await eventually(async () => assert.equal((await instance.fetch('nosy')).body, 'here'))
})
