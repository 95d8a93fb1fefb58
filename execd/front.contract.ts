import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { before, test } from 'node:test'
import { parsePublicKey } from '#lib/public-key.ts'
import { onTerminal, ran, type running } from './fixture.ts'
import { dir, freePort, ofFile, prepare, sshArgv, sshTo, startFront } from './front-fixture.ts'

let port = 0
let known = ''
/** What the server says. */
let server: ReturnType<typeof running>

before(async () => {
  known = (await prepare()).publicKey
  port = await freePort()
  server = await startFront(['--users', 'git,deploy', `${dir}/auth`, `${dir}/exec`], { port })
  await ssh(['true'])
})

const ssh = (words: readonly string[], more: Parameters<typeof sshArgv>[2] = {}, input: string | Uint8Array = '') =>
  sshTo(port, words, more, input)

test('the words of the command come after the handler’s own, quotes honoured and nothing expanded', async () => {
  assert.equal((await ssh(['\'a  b\' $HOME; e|f "" * -e'])).stdout, '<a  b><$HOME;><e|f><><*><-e>\n')
})

test('a command whose quotes do not match is refused in words', async () => {
  const { stderr, status } = await ssh(["echo 'one"])
  assert.equal(status, 1)
  assert.match(stderr, /quote/)
})

test('ssh without a command runs the handler without words', async () => {
  assert.deepEqual(await ssh([], { options: ['-T'] }), { stdout: '<>\n', stderr: '', status: 0 })
})

test('the handler’s environment is what auth said, USER and the raw command, and nothing of the client', async () => {
  const { stdout } = await ssh(['run  "/usr/bin/env"'], { options: ['-o', 'SetEnv=WHO=root EVIL=1'] })
  const variables = stdout
    .trim()
    .split('\n')
    .filter((line) => !/^(PWD|SHLVL|_)=/.test(line))
    .sort()
  assert.deepEqual(variables, ['AS=git $HOME; x', 'SSH_ORIGINAL_COMMAND=run  "/usr/bin/env"', 'USER=git', 'WHO=alice'])
})

test('input, output, errors and the exit status are the handler’s', async () => {
  assert.deepEqual(await ssh(['run sh -c "cat; echo err >&2; exit 42"'], {}, 'in'), { stdout: 'in', stderr: 'err\n', status: 42 })
  assert.equal((await ssh(["run sh -c 'kill -9 $$'"])).status, 137)
  assert.equal((await ssh(['run /nowhere'])).status, 127)
})

test('ssh -t runs one handler, on a terminal', async () => {
  const terminal = onTerminal(ofFile, [24, 80], sshArgv(port, [`run sh -c 'tty; echo $$ >>${dir}/pids'`], { options: ['-t'] }))
  await terminal.says('/dev/pts/')
  assert.equal(await terminal.status(), 0)
  assert.equal((await readFile(`${dir}/pids`, 'utf8')).trim().split('\n').length, 1)
})

test('whoever auth does not let in, another account, and a password are refused', async () => {
  for (const more of [{ key: 'stranger' }, { user: 'root' }, { user: 'nobody' }, { options: ['-o', 'PubkeyAuthentication=no'] }]) {
    const { stderr, status } = await ssh(['true'], more)
    assert.deepEqual([status, /Permission denied \(publickey\)/.test(stderr)], [255, true])
  }
  assert.equal((await ssh(['x'], { user: 'deploy' })).stdout, '<x>\n')
})

test('forwarding, sftp and agents are refused', async () => {
  const { status } = await ran(
    [
      'sftp',
      '-o',
      `Port=${port}`,
      ...sshArgv(port, [])
        .slice(1, -3)
        .filter((word) => word !== '-p'),
      'git@127.0.0.1',
    ],
    {},
    'ls\n',
  )
  assert.notEqual(status, 0)
  assert.match((await ssh(['x'], { options: ['-W', '127.0.0.1:22'] })).stderr, /forwarding failed|refused|prohibited/)
})

test('each session is one line of the log: who, by which key, what, how it ended and how long it took', async () => {
  const { fingerprint } = parsePublicKey(known)
  await ssh(['run sh -c "exit 7" \u001b[31m'])
  const line = await server.complains(/^.*exit 7.*$/m).then(() => /^execd: .*exit 7.*$/m.exec(server.errors())?.[0] ?? '')
  assert.ok(line.startsWith(`execd: git ${fingerprint} "run sh -c \\"exit 7\\" \\u001b[31m" status=7 seconds=0.`), line)
  assert.match(server.errors(), /^execd: refused git SHA256:/m)
})

test('a session that came in by no login of ours is refused, as is a question from elsewhere', async () => {
  const client = process.env.DOKKU_CLIENT ?? '/usr/local/bin/dokku'
  for (const grant of ['', 'x', 'eyJ1c2VyIjoicm9vdCJ9.AAAA']) {
    const env = { DOKKU_SOCKET: `${dir}/run-${port}/session.sock`, DOKKU_FINGERPRINT: grant, SSH_ORIGINAL_COMMAND: 'x' }
    assert.match((await ran([client, '-c', 'x'], env)).stderr, /no login of ours/)
  }
  const ask = [
    'setpriv',
    '--reuid',
    '65534',
    '--clear-groups',
    client,
    '--socket',
    `${dir}/run-${port}/auth.sock`,
    'git',
    ...known.split(' '),
  ] as [string, ...string[]]
  assert.match((await ran(ask)).stderr, /Permission denied/)
})
