import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sshdConfig } from './sshd.ts'

const options = { port: 2222, hostKeys: ['/keys/a', '/keys/b'], keys: { file: '/run/keys' }, users: ['dokku'], socket: '/run/sock' }

/** The directives, each on its line, without the comments. */
const directives = sshdConfig(options)
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))

test('sshdConfig is made of exactly these directives', () => {
  assert.deepEqual(directives, [
    'Port 2222',
    'HostKey /keys/a',
    'HostKey /keys/b',
    'PidFile none',
    'AllowUsers dokku',
    'AuthorizedKeysFile /run/keys',
    'StrictModes no',
    'AuthenticationMethods publickey',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'PermitRootLogin no',
    'PermitUserEnvironment DOKKU_USER,DOKKU_FINGERPRINT',
    'ForceCommand dokku -c session',
    'SetEnv DOKKU_SOCKET=/run/sock',
    'AcceptEnv GIT_PROTOCOL',
    'PermitTTY yes',
    'PermitUserRC no',
    'DisableForwarding yes',
    'PrintMotd no',
    'PrintLastLog no',
    'PerSourcePenalties no',
    'MaxStartups 300:30:600',
    'LoginGraceTime 30',
    'ClientAliveInterval 30',
    'ClientAliveCountMax 4',
    'UseDNS no',
    'LogLevel INFO',
  ])
})

test('sshdConfig offers no subsystem, so there is no sftp', () => {
  assert.ok(!directives.some((line) => line.startsWith('Subsystem')))
})

test('sshdConfig may ask a program who is let in, for several accounts, on one address', () => {
  const keys = { command: ['/usr/local/bin/dokku', '--socket', '/run/auth.sock', '%u', '%t', '%k', '%f'], user: 'root' }
  const text = sshdConfig({ ...options, host: '127.0.0.1', users: ['git', 'alice'], keys, client: '/usr/local/bin/dokku' })
  assert.match(text, /^ListenAddress 127\.0\.0\.1$/m)
  assert.match(text, /^AllowUsers git alice$/m)
  assert.match(
    text,
    /^AuthorizedKeysFile none\nAuthorizedKeysCommand \/usr\/local\/bin\/dokku --socket \S+ %u %t %k %f\nAuthorizedKeysCommandUser root$/m,
  )
  assert.match(text, /^ForceCommand \/usr\/local\/bin\/dokku -c session$/m)
})

const other = 'x\nPasswordAuthentication yes'
for (const [what, more] of Object.entries({ keys: { keys: { file: other } }, user: { users: [other] }, socket: { socket: other } }))
  test(`sshdConfig refuses a ${what} that would be another directive`, () => {
    assert.throws(() => sshdConfig({ ...options, ...more }), /cannot stand/)
  })
