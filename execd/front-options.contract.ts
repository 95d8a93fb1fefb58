import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { before, test } from 'node:test'
import { run } from '#lib/exec.ts'
import { ran, running } from './fixture.ts'
import { dir, freePort, main, ofFile, prepare, sshArgv, sshTo, startFront } from './front-fixture.ts'

const handlers = [`${dir}/auth`, `${dir}/exec`]
before(prepare)

test('two hundred connections that never log in keep nobody out, and are let go', async () => {
  const port = await freePort()
  const front = await startFront(['--login-grace', '4', '', `${dir}/exec`], { port })
  const idle = Array.from({ length: 200 }, () => connect(port, '127.0.0.1'))
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
  for (let n = 0; n < 5; n++) assert.equal((await sshTo(port, ['x'], { key: 'stranger' })).stdout, '<x>\n')
  await Promise.all(gone)
  front.started.kill('SIGTERM')
  assert.equal(await front.status(), 0)
})

test('the host key is made once and kept; another comes by -k or the environment', async () => {
  const scan = async (port: number) =>
    /ssh-ed25519 (\S+)/.exec((await run(['ssh-keyscan', '-t', 'ed25519', '-p', `${port}`, '127.0.0.1'])).stdout)?.[1]
  const publicHalf = async (path: string) => (await readFile(`${path}.pub`, 'utf8')).split(' ')[1]
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', `${dir}/other`])
  const pem = await readFile(`${dir}/other`, 'utf8')
  const kept = `${dir}/state/ssh_host_ed25519_key`
  for (const [words, env, key] of [
    [[], {}, kept],
    [[], {}, kept],
    [['-k', `${dir}/other`], {}, `${dir}/other`],
    [[], { SSH_PRIVATE_KEYS: pem }, `${dir}/other`],
  ] as [string[], Record<string, string>, string][]) {
    const port = await freePort()
    const front = await startFront([...words, ...handlers], { port, env: { ...env, SSHFRONT_LISTEN: `127.0.0.1:${port}` } })
    assert.equal(await scan(port), await publicHalf(key))
    front.started.kill('SIGTERM')
    assert.equal(await front.status(), 0)
  }
})

test('-a is the other form, -e passes our variables on, -s runs the handler by a shell', async () => {
  const port = await freePort()
  const front = await startFront(['-a', '', '-e', '-s', 'echo "$OURS" && echo'], { port, env: { OURS: 'ours', SHELL: '/bin/sh' } })
  assert.equal((await sshTo(port, ["'$OURS' x"], { key: 'stranger' })).stdout, 'ours\n$OURS x\n')
  front.started.kill('SIGTERM')
  assert.equal(await front.status(), 0)
})

test('told to stop, it takes no more logins and lets a session go on to its end', async () => {
  const port = await freePort()
  const front = await startFront(handlers, { port })
  const session = running(ofFile, sshArgv(port, ['run sh -c "echo began; read line; echo got $line"']))
  await session.says('began')
  front.started.kill('SIGTERM')
  while ((await sshTo(port, ['x'])).status === 0);
  session.stdin.write('it\n')
  await session.says('got it')
  assert.deepEqual([await session.status(), await front.status()], [0, 0])
})

test('an sshd that does not start is said with its words', async () => {
  const { stderr, status } = await ran([process.execPath, main, '-k', `${dir}/auth`, '-p', '2', '--run', `${dir}/run-bad`, ...handlers])
  assert.equal(status, 1)
  assert.match(stderr, /sshd does not start: .+/)
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
