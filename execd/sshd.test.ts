import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sshdConfig } from './sshd.ts'

const options = { port: 2222, hostKeys: ['/keys/a', '/keys/b'], authorizedKeysFile: '/run/keys', user: 'dokku', socket: '/run/sock' }

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
    'PermitUserEnvironment DOKKU_USER,DOKKU_FINGERPRINT',
    'ForceCommand dokku',
    'SetEnv DOKKU_SOCKET=/run/sock',
    'AcceptEnv GIT_PROTOCOL',
    'PermitTTY yes',
    'PermitUserRC no',
    'DisableForwarding yes',
    'PrintMotd no',
    'PrintLastLog no',
    'PerSourcePenalties no',
    'MaxStartups 200:30:300',
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

for (const field of ['authorizedKeysFile', 'user', 'socket'] as const)
  test(`sshdConfig refuses a ${field} that would be another directive`, () => {
    assert.throws(() => sshdConfig({ ...options, [field]: 'x\nPasswordAuthentication yes' }), /cannot stand/)
  })
