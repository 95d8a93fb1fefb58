import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { attempt, failed, freePort, keyPair, ok, startInstance } from './harness.ts'

const instance = await startInstance({ suffix: 'doors' })
after(() => instance.remove())

test('an unknown key is refused', async () => {
  await keyPair(join(instance.dir, 'stranger'))
  assert.match(failed(await instance.sshLine('apps:list', { key: join(instance.dir, 'stranger') }), 255), /Permission denied \(publickey\)/)
})

test('a password login is not offered', async () => {
  const { stderr } = await instance.sshLine('apps:list', {
    key: join(instance.dir, 'stranger'),
    ssh: ['-o', 'PreferredAuthentications=password,keyboard-interactive', '-o', 'BatchMode=no', '-o', 'NumberOfPasswordPrompts=1'],
  })
  assert.match(stderr, /Permission denied \(publickey\)/)
})

test('other users than dokku cannot log in', async () => {
  const [program, ...options] = instance.sshArgv().slice(0, -1)
  for (const user of ['root', 'admin', 'nobody'])
    failed(await attempt([program ?? 'ssh', ...options, `${user}@127.0.0.1`, 'apps:list']), 255)
})

test('a key added twice is refused, under the same name and under another', async () => {
  assert.match(failed(await instance.admin(['ssh-keys:add', 'ada'], { input: instance.publicKey })), /ada/)
  assert.match(failed(await instance.admin(['ssh-keys:add', 'eve'], { input: instance.publicKey })), /already registered as ada/)
  assert.equal(
    ok(await instance.ssh('ssh-keys:list'))
      .trim()
      .split('\n').length,
    1,
  )
})

test('a key with options, several keys or a private key are refused', async () => {
  for (const input of [
    `command="id" ${instance.publicKey}`,
    `${instance.publicKey}\n${instance.publicKey}`,
    '-----BEGIN OPENSSH PRIVATE KEY-----\n',
    '',
  ])
    assert.match(failed(await instance.admin(['ssh-keys:add', 'eve'], { input })), / ! {5}/)
})

test('port forwarding is refused in both directions', async () => {
  const port = await freePort()
  const forward = instance.sshStart(['help'], { ssh: ['-N', '-L', `127.0.0.1:${port}:127.0.0.1:2222`] })
  let said = ''
  forward.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  const banner = await new Promise<string>((resolve) => {
    const tryOnce = (left: number) => {
      const socket = connect(port, '127.0.0.1')
      socket.setTimeout(5000, () => socket.destroy())
      socket.once('data', (data: Buffer) => resolve(data.toString()))
      socket.once('error', () => (left > 0 ? setTimeout(() => tryOnce(left - 1), 100) : resolve('')))
      socket.once('end', () => resolve(''))
      socket.once('close', (failedToOpen) => !failedToOpen && resolve(''))
    }
    tryOnce(50)
  })
  forward.kill('SIGKILL')
  await forward
  assert.equal(banner, '')
  const back = await instance.sshLine('help', { ssh: ['-o', 'ExitOnForwardFailure=yes', '-R', '0:127.0.0.1:1'] })
  failed(back, 255)
  assert.match(back.stderr + said, /forward|prohibited/)
})

test('sftp, scp and agent forwarding are refused', async () => {
  const sftp = await instance.sshLine('sftp', { ssh: ['-s'] })
  assert.notEqual(sftp.exitCode, 0)
  assert.doesNotMatch(sftp.stdout, /sftp/)
  failed(await instance.ssh('scp', '-t', '/tmp'))
  const agent = await instance.sshLine('version', { ssh: ['-A'] })
  assert.doesNotMatch(ok(agent), /agent/)
})

test('a user cannot name another user or set an environment', async () => {
  ok(await instance.ssh('apps:create', 'mine'))
  const argv = instance.sshArgv({ ssh: ['-o', 'SetEnv=DOKKU_USER=root'] })
  const { stderr } = await attempt([...argv, 'ssh-keys:list'])
  assert.doesNotMatch(stderr, /root may/)
})

test('the gateway has no capabilities, no Docker socket and a read-only root', async () => {
  const inside = (script: string) => instance.engine.docker(['exec', `${instance.name}-ssh`, 'sh', '-c', script])
  assert.match(ok(await inside('grep CapEff /proc/self/status; id -u')), /CapEff:\s+0000000000000000\n12345/)
  assert.notEqual((await inside('test -e /var/run/docker.sock')).exitCode, 0)
  assert.notEqual((await inside('touch /usr/x')).exitCode, 0)
  assert.notEqual((await inside('touch /run/dokku/gateway/x')).exitCode, 0)
})

test('only SSH, HTTP and HTTPS are published', async () => {
  const published = await instance.engine.lines('ps', '--format', '{{.Ports}}', '--filter', `label=dokku.instance=${instance.name}`)
  const ports = [...published.join(' ').matchAll(/:(\d+)->/g)].map(([, port]) => Number(port))
  assert.deepEqual(
    [...new Set(ports)].filter((port) => !Object.values(instance.ports).includes(port)),
    [],
  )
})
