import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run } from '#lib/exec.ts'
import { parsePublicKey } from '#lib/public-key.ts'
import { onTerminal, ran, running } from './fixture.ts'

const main = join(import.meta.dirname, 'main.ts')
const dir = `/run/execd-test-${process.pid}`
let port = 0
let known = ''
/** What the server says. */
let server: ReturnType<typeof running>

async function freePort(): Promise<number> {
  const one = createServer()
  await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', () => resolve()))
  const bound = one.address()
  await new Promise((resolve) => one.close(resolve))
  return typeof bound === 'object' && bound !== null ? bound.port : assert.fail()
}

const cleanup: (() => unknown)[] = []
after(async () => {
  for (const each of cleanup) await each()
  await run(['rm', '-rf', dir])
})
const t = { after: (each: () => unknown) => void cleanup.push(each) } as Parameters<typeof running>[0]

/** Starts execd with these words; resolves when it listens. */
async function started(words: string[], env: Record<string, string> = {}) {
  const one = running(t, [process.execPath, main, ...words], env)
  await one.complains('listening on port')
  return one
}

before(async () => {
  await mkdir(dir, { recursive: true })
  for (const name of ['alice', 'stranger']) await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(dir, name)])
  known = (await readFile(join(dir, 'alice.pub'), 'utf8')).trim()
  // Lets alice's key in as anybody, and says who it is.
  await writeFile(join(dir, 'auth'), `#!/bin/sh\n[ "$2" = "${known}" ] || exit 1\necho "WHO=alice"\necho "AS=$1 \\$HOME; x" >&2\n`, {
    mode: 0o755,
  })
  await writeFile(join(dir, 'exec'), '#!/bin/sh\n[ "$1" = run ] && { shift; exec "$@"; }\nprintf "<%s>" "$@"\necho\n', { mode: 0o755 })
  port = await freePort()
  server = await started([
    '--users',
    'git,deploy',
    '--state',
    `${dir}/state`,
    '--run',
    `${dir}/run`,
    '-h',
    '127.0.0.1',
    '-p',
    `${port}`,
    `${dir}/auth`,
    `${dir}/exec`,
  ])
  await ssh(['true'])
})

function sshArgv(
  words: readonly string[],
  { user = 'git', key = 'alice', options = [] as string[], at = port } = {},
): [string, ...string[]] {
  const settings = ['IdentitiesOnly=yes', 'BatchMode=yes', 'StrictHostKeyChecking=accept-new', 'LogLevel=ERROR', 'ConnectTimeout=10']
  const all = [...settings, `UserKnownHostsFile=${dir}/known_hosts`, `IdentityFile=${dir}/${key}`]
  return ['ssh', '-F', 'none', ...all.flatMap((one) => ['-o', one]), ...options, '-p', `${at}`, `${user}@127.0.0.1`, ...words]
}

async function ssh(words: readonly string[], more: Parameters<typeof sshArgv>[1] = {}, input: string | Uint8Array = '') {
  const { stdout, stderr, status } = await ran(sshArgv(words, more), {}, input)
  return { stdout: stdout.toString(), stderr, status }
}

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
  const terminal = onTerminal(t, [24, 80], sshArgv([`run sh -c 'tty; echo $$ >>${dir}/pids'`], { options: ['-t'] }))
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
      ...sshArgv([])
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
    const env = { DOKKU_SOCKET: `${dir}/run/session.sock`, DOKKU_FINGERPRINT: grant, SSH_ORIGINAL_COMMAND: 'x' }
    assert.match((await ran([client, '-c', 'x'], env)).stderr, /no login of ours/)
  }
  const ask = ['setpriv', '--reuid', '65534', '--clear-groups', client, '--socket', `${dir}/run/auth.sock`, 'git', ...known.split(' ')] as [
    string,
    ...string[],
  ]
  assert.match((await ran(ask)).stderr, /Permission denied/)
})

test('two hundred connections that never log in keep nobody out, and are let go', async () => {
  const at = await freePort()
  const short = await started([
    '--state',
    `${dir}/state`,
    '--run',
    `${dir}/run2`,
    '-h',
    '127.0.0.1',
    '-p',
    `${at}`,
    '--login-grace',
    '4',
    '',
    `${dir}/exec`,
  ])
  const idle = Array.from({ length: 200 }, () => connect(at, '127.0.0.1'))
  const gone = idle.map(
    (socket: Socket) =>
      new Promise<void>((resolve) =>
        socket
          .on('error', () => {})
          .resume()
          .once('close', () => resolve()),
      ),
  )
  await Promise.all(idle.map((socket) => new Promise((resolve) => socket.once('data', resolve))))
  for (let n = 0; n < 5; n++) assert.equal((await ssh(['x'], { at, key: 'stranger' })).stdout, '<x>\n')
  await Promise.all(gone)
  short.started.kill('SIGTERM')
  assert.equal(await short.status(), 0)
})

test('the host key is made once and kept; another comes by -k or the environment', async () => {
  const scan = async (at: number) =>
    /ssh-ed25519 (\S+)/.exec((await run(['ssh-keyscan', '-t', 'ed25519', '-p', `${at}`, '127.0.0.1'])).stdout)?.[1]
  const kept = (await readFile(`${dir}/state/ssh_host_ed25519_key.pub`, 'utf8')).split(' ')[1]
  assert.equal(await scan(port), kept)
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', `${dir}/other`])
  const other = (await readFile(`${dir}/other.pub`, 'utf8')).split(' ')[1]
  const pem = await readFile(`${dir}/other`, 'utf8')
  for (const [words, env] of [
    [['-k', `${dir}/other`], {}],
    [[], { SSH_PRIVATE_KEYS: pem }],
  ] as [string[], Record<string, string>][]) {
    const at = await freePort()
    const one = await started([...words, '--run', `${dir}/run3`, '--state', `${dir}/state`, `${dir}/auth`, `${dir}/exec`], {
      ...env,
      SSHFRONT_LISTEN: `127.0.0.1:${at}`,
    })
    assert.equal(await scan(at), other)
    one.started.kill('SIGTERM')
    assert.equal(await one.status(), 0)
  }
})

test('-a is the other form, -e passes our variables on, -s runs the handler by a shell', async () => {
  const at = await freePort()
  const words = ['-a', '', '-e', '-s', '-p', `${at}`, '-h', '127.0.0.1', '--run', `${dir}/run4`, '--state', `${dir}/state`]
  const one = await started([...words, 'echo "$OURS" && echo'], { OURS: 'ours', SHELL: '/bin/sh' })
  assert.equal((await ssh(["'$OURS' x"], { at, key: 'stranger' })).stdout, 'ours\n$OURS x\n')
  one.started.kill('SIGTERM')
  await one.status()
})

test('told to stop, it takes no more logins and lets a session go on to its end', async () => {
  const at = await freePort()
  const one = await started([
    '--state',
    `${dir}/state`,
    '--run',
    `${dir}/run5`,
    '-h',
    '127.0.0.1',
    '-p',
    `${at}`,
    `${dir}/auth`,
    `${dir}/exec`,
  ])
  const session = running(t, sshArgv(['run sh -c "echo began; read line; echo got $line"'], { at }))
  await session.says('began')
  one.started.kill('SIGTERM')
  while ((await ssh(['x'], { at })).status === 0);
  session.stdin.write('it\n')
  await session.says('got it')
  assert.deepEqual([await session.status(), await one.status()], [0, 0])
})

test('wrong words print the usage on stderr and exit with 64', async () => {
  for (const words of [
    [],
    ['one'],
    ['a', 'b', 'c'],
    ['-p', 'x', 'a', 'b'],
    ['-z', 'a', 'b'],
    ['--users', 'root', 'a', 'b'],
    ['-k', '/nowhere', 'a', 'b'],
  ]) {
    const { stderr, stdout, status } = await ran([process.execPath, main, ...words])
    assert.deepEqual([status, stdout.length, /usage:|SSH_PRIVATE_KEYS/.test(stderr)], [64, 0, true], words.join(' '))
  }
})
