import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { signalGroup, start } from '#lib/exec.ts'
import { attach } from './child.ts'
import { client, ran, running, scratch } from './fixture.ts'
import { listen } from './listen.ts'
import { frame, type SessionHeader } from './protocol.ts'
import type { Session } from './session.ts'

const path = process.env.PATH ?? '/usr/bin:/bin'

async function daemon(t: TestContext, onSession: (session: Session) => Promise<void>) {
  const directory = await scratch(t)
  const DOKKU_SOCKET = join(directory, 'sock')
  const server = await listen(DOKKU_SOCKET, { mode: 0o600 }, onSession)
  t.after(() => server.close())
  return { directory, env: { DOKKU_SOCKET } }
}

/** The header that a daemon gets from such a call. */
async function header(t: TestContext, argv: readonly string[], env: Record<string, string>, name = 'dokku'): Promise<SessionHeader> {
  const got = Promise.withResolvers<SessionHeader>()
  const { directory, env: socket } = await daemon(t, async (session) => got.resolve(session.header))
  await symlink(client, join(directory, name))
  const { status, stderr } = await ran([join(directory, name), ...argv], { ...env, ...socket })
  assert.deepEqual([status, stderr], [0, ''])
  return got.promise
}

const shell = (session: Session, script: string, options: { survive?: boolean } = {}) =>
  attach(session, ['sh', '-c', script], { cwd: '/', env: { PATH: path }, ...options })

test('the client carries every word byte for byte', async (t) => {
  const words = ['', '-e', '-n', '*', "it's", '"', 'two\nlines', '$(date)', 'grüße', '--pty', ' ']
  assert.deepEqual(await header(t, words, {}), { mode: 'argv', args: words, env: {} })
})

test('the client carries more words than fit in a frame', async (t) => {
  const words = Array.from({ length: 10 }, (_, index) => String(index).repeat(100_000))
  assert.deepEqual((await header(t, words, {})).args, words)
})

test('the client as a login shell carries the raw command and who called', async (t) => {
  const env = {
    SSH_ORIGINAL_COMMAND: 'config:set \'a b\' "" \\$x\n*',
    DOKKU_USER: 'alice',
    DOKKU_FINGERPRINT: 'SHA256:abc',
    SSH_CONNECTION: '10.0.0.1 5 10.0.0.2 22',
    GIT_PROTOCOL: 'version=2',
    GIT_DIR: 'ignored',
  }
  assert.deepEqual(await header(t, ['-c', 'dokku'], env), {
    mode: 'ssh',
    args: [],
    env: {},
    command: env.SSH_ORIGINAL_COMMAND,
    user: 'alice',
    fingerprint: 'SHA256:abc',
    connection: env.SSH_CONNECTION,
    gitProtocol: 'version=2',
  })
})

test('the client as a login shell says when there is no command', async (t) => {
  assert.deepEqual(await header(t, ['-c', 'dokku'], {}), { mode: 'ssh', args: [], env: {} })
})

test('the client as a hook carries its name, its place and the variables of git and dokku', async (t) => {
  const { env, ...rest } = await header(t, ['a'], { GIT_DIR: '.', DOKKU_PUSH: '1=2', SECRET: 'x' }, 'pre-receive')
  assert.deepEqual(rest, { mode: 'hook', hook: 'pre-receive', args: ['a'], cwd: process.cwd() })
  assert.equal(env.GIT_DIR, '.')
  assert.equal(env.DOKKU_PUSH, '1=2')
  assert.ok(!('SECRET' in env))
})

test('the client keeps stdout and stderr apart and ends with the status', async (t) => {
  const { env } = await daemon(t, async (session) => session.exit(await shell(session, 'echo out; echo err >&2; exit 42')))
  const { stdout, stderr, status } = await ran([client], env)
  assert.deepEqual([stdout.toString(), stderr, status], ['out\n', 'err\n', 42])
})

test('the client brings 20 MB there and back', async (t) => {
  const { env } = await daemon(t, async (session) => session.exit(await attach(session, ['cat'], { cwd: '/', env: { PATH: path } })))
  const sent = randomBytes(20 * 1024 * 1024)
  const { stdout, status } = await ran([client], env, sent)
  assert.equal(status, 0)
  const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
  assert.equal(sum(stdout), sum(sent))
})

test('the client leaves the input of a shell loop alone when its command reads none', async (t) => {
  const { env } = await daemon(t, (session) => session.exit(0))
  const loop = await ran(['sh', '-c', `while read line; do ${client}; echo "$line"; done`], env, 'one\ntwo\nthree\n')
  assert.equal(loop.stdout.toString(), 'one\ntwo\nthree\n')
})

test('the client ends when its command does, though its input is open', async (t) => {
  const { env } = await daemon(t, async (session) => session.exit(await shell(session, 'head -c 1')))
  const one = running(t, [client], env)
  one.stdin.write('xyz')
  assert.equal(await one.status(), 0)
  assert.equal(one.output(), 'x')
})

test('the client sends signals to the process group', async (t) => {
  const { env } = await daemon(t, async (session) =>
    session.exit(await shell(session, "trap 'echo heard; exit 5' INT; echo ready; while :; do sleep 0.05; done")),
  )
  const one = running(t, [client], env)
  await one.says('ready')
  one.started.kill('SIGINT')
  assert.equal(await one.status(), 5)
  assert.equal(one.output(), 'ready\nheard\n')
})

test('the client hears a signal while nobody reads its output', async (t) => {
  const heard = Promise.withResolvers<string>()
  const { env } = await daemon(t, async (session) => {
    session.onSignal(heard.resolve)
    session.stdout.write(Buffer.alloc(20_000_000))
    await heard.promise
    await session.exit(0)
  })
  const one = start([client], { env })
  t.after(() => signalGroup(one, 'SIGKILL'))
  // It has begun to write what nobody takes away: far more than lies in any buffer.
  await once(one.stdout, 'readable')
  one.kill('SIGTERM')
  assert.equal(await heard.promise, 'SIGTERM')
  one.stdout.resume()
  assert.equal((await one).exitCode, 0)
})

/** A daemon that dies: it closes each connection after the bytes given, the last of which are for all that follow. */
async function mortal(t: TestContext, ...answers: Buffer[]) {
  const DOKKU_SOCKET = join(await scratch(t), 'sock')
  let calls = 0
  const server = createServer((socket) => {
    const answer = answers[Math.min(calls++, answers.length - 1)] ?? Buffer.alloc(0)
    socket.once('data', () => socket.end(answer))
  })
  server.listen(DOKKU_SOCKET)
  await once(server, 'listening')
  t.after(() => server.close())
  return { env: { DOKKU_SOCKET }, calls: () => calls }
}

const taken = frame('C', Buffer.alloc(4))

test('the client says so and ends with 75 when the connection ends without a status', async (t) => {
  const { env, calls } = await mortal(t, Buffer.concat([taken, frame('1', Buffer.from('half'))]))
  const { stdout, stderr, status } = await ran([client], env)
  assert.equal(stdout.toString(), 'half')
  assert.deepEqual([stderr, status], ['dokku: the connection was lost before the command said how it ended\n', 75])
  assert.equal(calls(), 1)
})

test('the client asks again when a daemon went away before it took the header', async (t) => {
  const { env, calls } = await mortal(t, Buffer.alloc(0), Buffer.alloc(0), Buffer.concat([taken, frame('X', Buffer.from([3]))]))
  const { stderr, status } = await ran([client], env)
  assert.deepEqual([stderr, status], ['', 3])
  assert.equal(calls(), 3)
})

test('the client as a hook does not wait: its daemon is its parent', async (t) => {
  const directory = await scratch(t)
  await symlink(client, join(directory, 'pre-receive'))
  const { stderr, status } = await ran([join(directory, 'pre-receive')], { DOKKU_SOCKET: join(directory, 'none') })
  assert.deepEqual([stderr, status], ['dokku: cannot reach its daemon: No such file or directory\n', 75])
})

test('the client does not wait for a socket it may never reach', async (t) => {
  const directory = await scratch(t)
  await writeFile(join(directory, 'file'), '')
  const { stderr, status } = await ran([client], { DOKKU_SOCKET: join(directory, 'file', 'sock') })
  assert.deepEqual([stderr, status], ['dokku: cannot reach its daemon: Not a directory\n', 75])
})

test('a client that goes away hangs up the whole process group', async (t) => {
  const marks = await scratch(t)
  const ended = Promise.withResolvers<number>()
  const { env } = await daemon(t, async (session) => {
    ended.resolve(
      await shell(
        session,
        `sh -c 'trap "echo child >>${marks}/m; exit" HUP; echo ready; while :; do sleep 0.05; done'; echo late >>${marks}/m`,
      ),
    )
  })
  const one = running(t, [client], env)
  await one.says('ready')
  signalGroup(one.started, 'SIGKILL')
  assert.equal(await ended.promise, 129)
  const { stdout } = await ran(['cat', join(marks, 'm')])
  assert.equal(stdout.toString(), 'child\n')
})

test('a process that survives its client runs to the end, with its input cut off', async (t) => {
  const ended = Promise.withResolvers<number>()
  const marks = await scratch(t)
  const { env } = await daemon(t, async (session) => {
    ended.resolve(await shell(session, `echo ready; cat >/dev/null; seq 100000; echo done >${marks}/m; exit 6`, { survive: true }))
  })
  const one = running(t, [client], env)
  await one.says('ready')
  signalGroup(one.started, 'SIGKILL')
  assert.equal(await ended.promise, 6)
  const { stdout } = await ran(['cat', join(marks, 'm')])
  assert.equal(stdout.toString(), 'done\n')
})

test('a client whose reader has enough goes away', async (t) => {
  const closed = Promise.withResolvers<void>()
  const { env } = await daemon(t, async (session) => {
    session.closed.addEventListener('abort', () => closed.resolve())
    await shell(session, 'cat /dev/zero')
  })
  const one = running(t, ['sh', '-c', `${client} | head -c 10`], env)
  const output = await buffer(one.started.stdout)
  assert.equal(output.length, 10)
  await closed.promise
})
