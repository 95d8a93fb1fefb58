import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ExecResult, run } from '#lib/exec.ts'
import { parsePublicKey } from '#lib/public-key.ts'
import { onTerminal, ran, running } from './fixture.ts'
import { authorizedKeys } from './keys.ts'

const image = process.env.DOKKU_IMAGE
if (image === undefined || image === '') throw new Error('DOKKU_IMAGE names the image under test')

const name = `execd-${randomBytes(3).toString('hex')}`
const daemon = `${name}-daemon`
const gateway = `${name}-ssh`
const shared = `${name}-shared`
const main = '/opt/dokku/execd/main.ts'
let directory = ''
let port = ''
let fingerprint = ''

const docker = (...words: string[]): Promise<ExecResult> => run(['docker', ...words])

/** The gateway with all that production takes from it. */
async function startGateway(): Promise<void> {
  const limits = ['--user', '12345:22022', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--read-only', '--tmpfs', '/tmp']
  const volumes = ['--volume', `${shared}:/run/dokku/gateway:ro`, '--volume', `${gateway}:/var/lib/execd`]
  const program = ['--no-healthcheck', '--init', '--entrypoint', 'node', `${image}`, main, 'gateway']
  await docker('run', '--detach', '--name', gateway, '--publish', '127.0.0.1::2222', ...limits, ...volumes, ...program)
  const { stdout } = await docker('port', gateway, '2222/tcp')
  port = stdout.trim().split(':').at(-1) ?? ''
}

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'execd-test-'))
  for (const key of ['alice', 'stranger']) await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(directory, key)])
  const key = parsePublicKey(await readFile(join(directory, 'alice.pub'), 'utf8'))
  fingerprint = key.fingerprint
  const lines = authorizedKeys([{ name: 'alice', publicKey: `${key.type} ${key.base64}`, fingerprint }])
  const volume = ['--volume', `${shared}:/run/dokku/gateway`, '--no-healthcheck', '--init', '--entrypoint', 'node']
  const handler = ['sh', '-c', 'eval "$SSH_ORIGINAL_COMMAND"']
  await docker('run', '--detach', '--name', daemon, ...volume, `${image}`, main, 'serve', '--gid', '22022', '--', ...handler)
  const write = 'printf %s "$1" >/run/dokku/gateway/authorized_keys && chmod 644 /run/dokku/gateway/authorized_keys'
  await docker('exec', daemon, 'sh', '-c', write, 'sh', lines)
  await startGateway()
  // The first connection learns the host key; all others insist on it.
  for (let tries = 0; (await ssh('true')).status !== 0; tries += 1) {
    if (tries === 100) throw new Error(`the gateway does not answer:\n${(await docker('logs', gateway)).stderr}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
})

after(async () => {
  await docker('rm', '--force', '--volumes', daemon, gateway)
  await docker('volume', 'rm', '--force', shared, gateway)
  await rm(directory, { recursive: true, force: true })
})

/** The words of an ssh client that takes nothing from this machine. */
function sshOptions(key = 'alice'): string[] {
  const settings = ['IdentitiesOnly=yes', 'BatchMode=yes', 'StrictHostKeyChecking=accept-new', 'LogLevel=ERROR', 'ConnectTimeout=10']
  const all = [...settings, `UserKnownHostsFile=${directory}/known_hosts`, 'HostKeyAlias=gateway', `IdentityFile=${directory}/${key}`]
  return ['-F', 'none', ...all.flatMap((setting) => ['-o', setting])]
}

/** The argv of `ssh dokku@gateway command`, with options before the host. */
function sshArgv(command: readonly string[], options: readonly string[] = []): [string, ...string[]] {
  return ['ssh', ...options, ...sshOptions(), '-p', port, 'dokku@127.0.0.1', ...command]
}

const ssh = (command: string, options: string[] = [], input: Uint8Array | string = '') => ran(sshArgv([command], options), {}, input)

test('the gateway brings back the exit status, stdout and stderr', async () => {
  const { stdout, stderr, status } = await ssh('echo out; echo err >&2; exit 42')
  assert.deepEqual([stdout.toString(), stderr, status], ['out\n', 'err\n', 42])
  assert.equal((await ssh('true')).status, 0)
  assert.equal((await ssh('kill -9 $$')).status, 137)
})

test('the gateway carries 20 MB both ways', async () => {
  const sent = randomBytes(20 * 1024 * 1024)
  const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
  assert.equal((await ssh('sha256sum', [], sent)).stdout.toString(), `${sum(sent)}  -\n`)
  assert.equal(sum((await ssh('cat', [], sent)).stdout), sum(sent))
})

test('the gateway carries the raw bytes of the command', async () => {
  const command = `printf %s "$SSH_ORIGINAL_COMMAND" # 'a  b' "" -e * \\x $(date) grüße ; | &\n#\ttwo lines`
  assert.equal((await ssh(command)).stdout.toString(), command)
})

test('the gateway refuses a command whose quotes do not match, in words', async () => {
  const { stderr, status } = await ssh("echo 'one")
  assert.notEqual(status, 0)
  assert.match(stderr, /quote/)
})

test('the gateway takes a call without a command', async () => {
  const { status } = await ran(sshArgv([], ['-T']))
  assert.equal(status, 0)
})

test('the gateway says who calls, and believes nothing else', async () => {
  const forged = ['-o', 'SetEnv=DOKKU_USER=root DOKKU_SOCKET=/tmp/x']
  const { stdout } = await ssh('echo "$DOKKU_USER $DOKKU_FINGERPRINT"', forged)
  assert.equal(stdout.toString(), `alice ${fingerprint}\n`)
})

test('the gateway passes on the version of the git protocol', async () => {
  assert.equal((await ssh('echo "$GIT_PROTOCOL"', ['-o', 'SetEnv=GIT_PROTOCOL=version=2'])).stdout.toString(), 'version=2\n')
})

const refused: [string, () => [string, ...string[]], RegExp][] = [
  ['an unknown key', () => ['ssh', ...sshOptions('stranger'), '-p', port, 'dokku@127.0.0.1', 'true'], /Permission denied \(publickey\)/],
  ['another account', () => ['ssh', ...sshOptions(), '-p', port, 'root@127.0.0.1', 'true'], /Permission denied \(publickey\)/],
  [
    'a password login',
    () => sshArgv(['true'], ['-o', 'PubkeyAuthentication=no', '-o', 'PreferredAuthentications=password,keyboard-interactive']),
    /Permission denied \(publickey\)/,
  ],
  ['a forwarded port', () => sshArgv([], ['-W', '127.0.0.1:2222']), /forwarding failed|prohibited/],
  ['a port forwarded back', () => sshArgv([], ['-N', '-o', 'ExitOnForwardFailure=yes', '-R', '0:127.0.0.1:9']), /forwarding failed/],
  ['sftp', () => sshArgv(['sftp'], ['-s']), /subsystem request failed/],
]
for (const [what, argv, words] of refused)
  test(`the gateway refuses ${what}`, async () => {
    const { status, stderr } = await ran(argv())
    assert.equal(status, 255)
    assert.match(stderr, words)
  })

test('the gateway gives a terminal its size, its resizes and its keys', async (t) => {
  const script = "stty size; read word; echo got $word; trap 'stty size; exit 9' WINCH; echo ready; while :; do sleep 0.05; done"
  const one = onTerminal(t, [30, 100], sshArgv([script], ['-t']))
  await one.says('30 100\r\n')
  one.type('word\r')
  await one.says('got word\r\nready\r\n')
  one.resize(50, 132)
  assert.equal(await one.status(), 9)
  assert.match(one.output(), /50 132\r\n/)
})

test('the gateway ends the process of a client that was killed', async (t) => {
  const one = running(t, sshArgv(["trap 'echo hung up >/tmp/mark; exit' HUP; echo ready; while :; do sleep 0.05; done"]))
  await one.says('ready')
  one.started.kill('SIGKILL')
  const { stdout } = await ssh('until [ -s /tmp/mark ]; do sleep 0.05; done; cat /tmp/mark')
  assert.equal(stdout.toString(), 'hung up\n')
})

test('the gateway lets fifty in at once', async () => {
  const all = await Promise.all(Array.from({ length: 50 }, (_, index) => ssh(`echo ${index}`)))
  assert.deepEqual(
    all.map(({ stdout }) => stdout.toString()),
    all.map((_, index) => `${index}\n`),
  )
})

test('the gateway has callers wait for a daemon that is being replaced', async (t) => {
  await docker('stop', '--time', '0', daemon)
  const one = running(t, sshArgv(['echo back']))
  await one.complains('waiting for dokku to come back')
  await docker('start', daemon)
  assert.equal(await one.status(), 0)
  assert.equal(one.output(), 'back\n')
})

test('the gateway keeps its host key, and logs who came', async () => {
  const { stderr } = await docker('logs', gateway)
  assert.match(stderr, new RegExp(`Accepted publickey for dokku from .* ED25519 ${fingerprint.replaceAll('+', '\\+')}`))
  await docker('rm', '--force', gateway)
  await startGateway()
  let last = await ssh('echo same')
  for (let tries = 0; last.status !== 0 && tries < 100; tries += 1) {
    assert.doesNotMatch(last.stderr, /IDENTIFICATION HAS CHANGED/)
    await new Promise((resolve) => setTimeout(resolve, 100))
    last = await ssh('echo same')
  }
  assert.equal(last.stdout.toString(), 'same\n')
})
