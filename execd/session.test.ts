import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { attach } from './child.ts'
import { listen } from './listen.ts'
import { type Frame, type FrameType, frame, frameReader, renderHeader } from './protocol.ts'
import { inputWindow, type Session } from './session.ts'

const argv = renderHeader({ mode: 'argv', args: [], env: {} })

/** A daemon that treats every session so, and a way to talk to it in frames. */
async function daemon(t: TestContext, onSession: (session: Session) => Promise<void>) {
  const directory = await mkdtemp(join(tmpdir(), 'execd-test-'))
  const path = join(directory, 'sock')
  const server = await listen(path, { mode: 0o600 }, onSession)
  t.after(async () => {
    await server.close()
    await rm(directory, { recursive: true })
  })
  return { path, server, caller: (header?: Buffer) => caller(t, path, header) }
}

function caller(t: TestContext, path: string, header: Buffer = argv) {
  const socket = connect(path)
  t.after(() => socket.destroy())
  const read = frameReader()
  const received: Frame[] = []
  socket.on('data', (chunk: Buffer) => void received.push(...read(chunk)))
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  const send = (type: FrameType, payload?: Uint8Array | string) => socket.write(frame(type, Buffer.from(payload ?? '')))
  send('H', header)
  return {
    socket,
    send,
    received,
    closed,
    /** Resolves when a frame of this type has come. */
    async got(type: FrameType, count = 1): Promise<Frame[]> {
      while (received.filter((one) => one.type === type).length < count) await once(socket, 'data')
      return received.filter((one) => one.type === type)
    },
    text: (type: FrameType) => Buffer.concat(received.filter((one) => one.type === type).map(({ payload }) => payload)).toString(),
  }
}

const credits = (frames: Frame[]) =>
  frames
    .filter(({ type }) => type === 'C')
    .map(({ payload }) => payload.readUInt32BE())
    .filter((bytes) => bytes > 0)

test('a session sends all of its output before its status, and then nothing', async (t) => {
  const { caller } = await daemon(t, async (session) => {
    session.stdout.write('x'.repeat(1_000_000))
    session.stderr.write('trouble')
    await session.exit(42)
    session.stdout.write('late')
  })
  const one = caller()
  await one.closed
  assert.equal(one.text('1'), 'x'.repeat(1_000_000))
  assert.equal(one.text('2'), 'trouble')
  assert.deepEqual([...(one.received.at(-1)?.payload ?? [])], [42])
  assert.equal(one.received.at(-1)?.type, 'X')
})

test('a session answers before it does anything, so that its client knows it was heard', async (t) => {
  const { caller } = await daemon(t, (session) => session.exit(0))
  const one = caller()
  await one.closed
  assert.equal(one.received[0]?.type, 'C')
})

test('a session whose handler returns ends with 0, and with 1 and the message when it throws', async (t) => {
  const { caller } = await daemon(t, async (session) => {
    if (session.header.args.length > 0) throw new Error('boom')
  })
  const good = caller()
  await good.closed
  assert.equal(good.received.at(-1)?.payload[0], 0)
  const bad = caller(renderHeader({ mode: 'argv', args: ['x'], env: {} }))
  await bad.closed
  assert.equal(bad.text('2'), 'dokku: boom\n')
  assert.equal(bad.received.at(-1)?.payload[0], 1)
})

test('a session asks for input only when something reads it', async (t) => {
  const { caller } = await daemon(t, (session) => session.exit(0))
  const one = caller()
  await one.closed
  assert.deepEqual(credits(one.received), [])
})

test('a session never has more than its window on the way, and grants more as input is read', async (t) => {
  let total = 0
  const { caller } = await daemon(t, async (session) => {
    for await (const chunk of session.stdin) total += chunk.length
  })
  const one = caller()
  const size = 3_000_000
  for (let sent = 0, counted = 0; sent < size; ) {
    const granted = credits(await one.got('C', counted + 1))
    counted = one.received.filter(({ type }) => type === 'C').length
    const open = granted.reduce((sum, bytes) => sum + bytes, 0) - sent
    assert.ok(open <= inputWindow)
    for (let left = Math.min(open, size - sent); left > 0; left -= 65536) {
      one.send('0', Buffer.alloc(Math.min(left, 65536)))
      sent += Math.min(left, 65536)
    }
  }
  one.send('E')
  await one.closed
  assert.equal(total, size)
})

test('a client that sends more than it was granted is cut off', async (t) => {
  const { caller } = await daemon(t, (session) => new Promise((resolve) => session.closed.addEventListener('abort', () => resolve())))
  const one = caller()
  await one.got('C')
  one.send('0', 'unasked')
  await one.closed
  assert.equal(one.text('X'), '')
})

test('input that is cut off fails; it does not end', async (t) => {
  const outcome = Promise.withResolvers<string>()
  const { caller } = await daemon(t, async (session) => {
    try {
      for await (const _ of session.stdin);
      outcome.resolve('ended')
    } catch (error) {
      outcome.resolve(String(error))
    }
  })
  const one = caller()
  await one.got('C', 2)
  one.send('0', 'half')
  one.socket.destroy()
  assert.equal(await outcome.promise, 'Error: the client is gone')
})

test('a signal goes to the listener, or ends a session that has none', async (t) => {
  const { caller } = await daemon(t, async (session) => {
    if (session.header.args.length === 0) session.onSignal((signal) => void session.stdout.end(signal, () => void session.exit(7)))
    await new Promise((resolve) => session.closed.addEventListener('abort', resolve))
  })
  const heard = caller()
  await heard.got('C')
  heard.send('S', 'INT')
  await heard.closed
  assert.equal(heard.text('1'), 'SIGINT')
  assert.equal(heard.received.at(-1)?.payload[0], 7)
  const deaf = caller(renderHeader({ mode: 'argv', args: ['x'], env: {} }))
  await deaf.got('C')
  deaf.send('S', 'TERM')
  await deaf.closed
  assert.equal(deaf.received.at(-1)?.payload[0], 143)
})

test('a size of the window and the wish for a raw terminal are passed on', async (t) => {
  const { caller } = await daemon(t, async (session) => {
    session.raw()
    const [rows, columns] = await new Promise<[number, number]>((resolve) => session.onResize((...size) => resolve(size)))
    session.stdout.write(`${rows}x${columns}`)
  })
  const one = caller()
  await one.got('R')
  one.send('W', Buffer.from([0, 50, 1, 4]))
  await one.closed
  assert.equal(one.text('1'), '50x260')
})

test('a header that cannot be read is answered with the reason', async (t) => {
  const { caller } = await daemon(t, () => assert.fail('no session'))
  const one = caller(Buffer.from([...Buffer.from('mode=ssh\0command='), 0xff, 0]))
  await one.closed
  assert.equal(one.text('2'), 'dokku: refused: the command is not UTF-8\n')
  assert.equal(one.received.at(-1)?.payload[0], 1)
})

test('a socket has the mode asked for, and replaces the one before without a gap', async (t) => {
  const { path, server, caller: before } = await daemon(t, (session) => session.exit(1))
  const second = await listen(path, { mode: 0o620 }, (session) => session.exit(2))
  t.after(() => second.close())
  await server.close()
  assert.equal((await stat(path)).mode & 0o777, 0o620)
  const one = before()
  await one.closed
  assert.equal(one.received.at(-1)?.payload[0], 2)
})

test('a daemon that closes lets the sessions it has go on', async (t) => {
  const release = Promise.withResolvers<void>()
  const { server, caller } = await daemon(t, async (session) => {
    await release.promise
    session.stdout.write('whole')
  })
  const one = caller()
  await one.got('C')
  await server.close()
  release.resolve()
  await one.closed
  assert.equal(one.text('1'), 'whole')
})

const statuses: [string, [string, ...string[]], number][] = [
  ['the status of a process', ['sh', '-c', 'exit 23'], 23],
  ['128 + n for a process that signal n ended', ['sh', '-c', 'kill -9 $$'], 137],
  ['127 for a program that does not exist', ['/no/such/program'], 127],
]
for (const [what, argv, status] of statuses)
  test(`attach gives ${what}`, async (t) => {
    const { caller } = await daemon(t, async (session) =>
      session.exit(await attach(session, argv, { cwd: '/', env: { PATH: '/usr/bin:/bin' } })),
    )
    const one = caller()
    await one.closed
    assert.equal(one.received.at(-1)?.payload[0], status)
  })

test('attach gives a process exactly its environment, its directory and its input', async (t) => {
  const { caller } = await daemon(t, async (session) => {
    await attach(session, ['/bin/sh', '-c', '/usr/bin/env; pwd; cat'], { cwd: '/usr', env: { ONLY: 'this' } })
  })
  const one = caller()
  await one.got('C', 2)
  one.send('0', 'typed')
  one.send('E')
  await one.closed
  assert.deepEqual(one.text('1').split('\n').sort(), ['ONLY=this', 'PWD=/usr', '/usr', 'typed'].sort())
})
