import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { attach } from './child.ts'
import { client, onTerminal, scratch } from './fixture.ts'
import { listen } from './listen.ts'
import type { Session } from './session.ts'

const env = { PATH: process.env.PATH ?? '/usr/bin:/bin' }

async function daemon(t: TestContext, onSession: (session: Session) => Promise<void>) {
  const DOKKU_SOCKET = join(await scratch(t), 'sock')
  const server = await listen(DOKKU_SOCKET, { mode: 0o600 }, onSession)
  t.after(() => server.close())
  return { DOKKU_SOCKET }
}

const shell = (session: Session, script: string, pty = true) => attach(session, ['sh', '-c', script], { cwd: '/', env, pty, client })

test('a program on a terminal finds the size right from the start', async (t) => {
  const one = onTerminal(t, [24, 132], ['stty', 'size'])
  assert.equal(await one.status(), 0)
  assert.equal(one.output(), '24 132\r\n')
})

const ends: [string, [string, ...string[]], number][] = [
  ['its own status', ['sh', '-c', 'exit 23'], 23],
  ['128 + n after signal n', ['sh', '-c', 'kill -KILL $$'], 137],
  ['127 when it does not exist', ['/no/such/program'], 127],
]
for (const [what, argv, status] of ends)
  test(`a program on a terminal ends with ${what}`, async (t) => {
    assert.equal(await onTerminal(t, [24, 80], argv).status(), status)
  })

test('a program on a terminal shows all of its output, however much', async (t) => {
  const one = onTerminal(t, [24, 80], ['seq', '200000'])
  assert.equal(await one.status(), 0)
  assert.ok(one.output().endsWith('199999\r\n200000\r\n'))
})

test('a program on a terminal is told a new size', async (t) => {
  const one = onTerminal(t, [24, 80], ['sh', '-c', "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done"])
  await one.says('ready')
  one.resize(50, 260)
  await one.says('50 260')
  assert.equal(await one.status(), 0)
})

test('a program on a terminal gets typed keys and the end of input', async (t) => {
  const one = onTerminal(t, [24, 80], ['cat'])
  one.type('grüße\n')
  await one.says(/grüße\r\ngrüße\r\n/)
  one.endInput()
  assert.equal(await one.status(), 0)
})

for (const [what, send, status] of [
  ['Ctrl-C', (one) => one.type('\x03'), 130],
  ['signals', (one) => one.signal('TERM'), 143],
] satisfies [string, (one: ReturnType<typeof onTerminal>) => void, number][])
  test(`a program on a terminal gets ${what}`, async (t) => {
    const one = onTerminal(t, [24, 80], ['cat'])
    one.type('ready\n')
    await one.says('ready\r\nready\r\n')
    send(one)
    assert.equal(await one.status(), status)
  })

test('a program that reads nothing does not keep its terminal from hearing a hang-up', async (t) => {
  const one = onTerminal(t, [24, 80], ['sh', '-c', 'stty raw; echo ready; sleep 1000'])
  await one.says('ready')
  one.type('x'.repeat(1_000_000))
  one.started.kill('SIGHUP')
  assert.equal(await one.status(), 129)
})

test('a terminal that goes away takes its programs along', async (t) => {
  const one = onTerminal(t, [24, 80], ['sh', '-c', 'echo ready; sleep 1000; echo late'])
  await one.says('ready')
  one.stdin.end()
  assert.equal(await one.status(), 129)
})

test('a session with a terminal has its size, its name, its keys and its resizes', async (t) => {
  const { DOKKU_SOCKET } = await daemon(t, async (session) =>
    session.exit(
      await shell(
        session,
        "stty size; echo $TERM; read word; echo got $word; trap 'stty size; exit 9' WINCH; echo ready; while :; do sleep 0.05; done",
      ),
    ),
  )
  const one = onTerminal(t, [30, 100], [client], { DOKKU_SOCKET })
  await one.says('30 100\r\nxterm\r\n')
  one.type('word\r')
  await one.says('got word\r\nready\r\n')
  one.resize(31, 101)
  assert.equal(await one.status(), 9)
  assert.match(one.output(), /31 101\r\n$/)
})

test('a session leaves the terminal of its caller as it was', async (t) => {
  const { DOKKU_SOCKET } = await daemon(t, async (session) => session.exit(await shell(session, 'stty -echo raw; exit 1')))
  const one = onTerminal(t, [24, 80], ['sh', '-c', `stty -g; ${client}; stty -g`], { DOKKU_SOCKET })
  await one.status()
  const [before, after] = one.output().split('\r\n')
  assert.match(before ?? '', /^[0-9a-f:]+$/)
  assert.equal(after, before)
})

test('a session without raw mode leaves Ctrl-C to the terminal, as a signal', async (t) => {
  const { DOKKU_SOCKET } = await daemon(t, async (session) =>
    session.exit(await shell(session, "trap 'exit 4' INT; echo ready; while :; do sleep 0.05; done", false)),
  )
  const one = onTerminal(t, [24, 80], [client], { DOKKU_SOCKET })
  await one.says('ready\r\n')
  one.type('\x03')
  assert.equal(await one.status(), 4)
})

test('a session whose caller closes the terminal hangs up', async (t) => {
  const status = Promise.withResolvers<number>()
  const { DOKKU_SOCKET } = await daemon(t, async (session) => status.resolve(await shell(session, 'echo ready; sleep 1000')))
  const one = onTerminal(t, [24, 80], [client], { DOKKU_SOCKET })
  await one.says('ready')
  one.stdin.end()
  assert.equal(await status.promise, 129)
})
