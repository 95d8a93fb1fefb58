import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, type TestContext, test } from 'node:test'
import { onTerminal, ran, running } from '../../execd/fixture.ts'
import { eventually, failed, ok, startInstance, untilHealthy, versionImage } from './harness.ts'

const instance = await startInstance({ suffix: 'terminals' })
const { engine, name, ssh, sshLine } = instance
after(() => instance.remove())
const image = `${name}/fixture:latest`
await engine.build(image, versionImage('one'), name)
ok(await ssh('git:from-image', 'shop', image))
ok(await ssh('config:set', 'shop', 'GREETING=hello'))
const web = `${name}-shop.web.1`

/** Both ways into a container. */
const ways = ['run shop', 'enter shop web'] as const
const typed = (t: TestContext, line: string, size: [number, number] = [24, 80]) =>
  onTerminal(t, size, [...instance.sshArgv({ ssh: ['-tt'] }), '--', line], { TERM: 'vt220' })
const piped = (line: string, input: Uint8Array | string) => ran([...instance.sshArgv(), '--', line], {}, input)
const runs = () =>
  engine.lines('ps', '--all', '--quiet', '--filter', `label=dokku.instance=${name}`, '--filter', 'label=com.dokku.container-type=run')
const inside = async () => ok(await engine.docker(['top', web, '-eo', 'pid,args']))

for (const way of ways) {
  test(`${way}: a program on a terminal has its size, its kind and is told a new size`, async (t) => {
    // Engines before 23 give a terminal its size just after its program began.
    const script = `until [ "$(stty size)" = "30 100" ]; do :; done; echo $TERM; trap "stty size; exit 9" WINCH; echo ready; while :; do sleep 0.05; done`
    const one = typed(t, `${way} sh -c '${script}'`, [30, 100])
    await one.says(/vt220\r\nready\r\n/)
    one.resize(31, 101)
    await one.says('31 101')
    assert.equal(await one.status(), 9)
  })

  test(`${way}: Ctrl-C reaches the program alone, and Ctrl-D ends its input`, async (t) => {
    const interrupted = typed(t, `${way} sh -c 'echo ready; exec sleep 1000'`)
    await interrupted.says('ready')
    interrupted.type('\x03')
    assert.equal(await interrupted.status(), 130)
    const counted = typed(t, `${way} sh -c 'echo ready; exec wc -c'`)
    await counted.says('ready')
    counted.type('four\n\x04')
    await counted.says(/\n5\r\n/)
    assert.equal(await counted.status(), 0)
    assert.equal((await instance.fetch('shop')).body, 'one')
  })

  test(`${way}: exit statuses are the program's, 128 + n after signal n, and a shell's where there is none to start`, async (t) => {
    failed(await sshLine(`${way} sh -c 'exit 42'`), 42)
    failed(await sshLine(`${way} sh -c 'kill -9 $$'`), 137)
    assert.equal(await typed(t, `${way} sh -c 'exit 43'`).status(), 43)
    assert.equal(failed(await sshLine(`${way} nosuch`), 127), ' !     nosuch: there is no such program in the container\n')
    assert.equal(failed(await sshLine(`${way} /etc/passwd`), 126), ' !     /etc/passwd: permission denied\n')
    const one = typed(t, `${way} nosuch`)
    assert.equal(await one.status(), 127)
    assert.match(one.output(), /^ !.*no such program in the container\r\n/)
  })

  test(`${way}: ten megabytes of random bytes come back as they were`, async () => {
    const bytes = randomBytes(10_000_000)
    const { stdout, status } = await piped(`${way} cat`, bytes)
    assert.equal(status, 0)
    assert.ok(stdout.equals(bytes))
    assert.equal((await piped(`${way} wc -c`, bytes)).stdout.toString(), '10000000\n')
  })

  test(`${way}: all output of both kinds arrives, and input that nobody reads hurts nobody`, async () => {
    const { stdout, stderr } = await piped(`${way} sh -c 'seq 200000; seq 300000 >&2'`, '')
    assert.ok(stdout.toString().endsWith('\n200000\n') && stderr.endsWith('\n300000\n'))
    const unread = await piped(`${way} sh -c 'exec <&-; echo done'`, Buffer.alloc(20_000_000))
    assert.deepEqual([unread.stdout.toString(), unread.status], ['done\n', 0])
    const early = await piped(`${way} sh -c 'head -c 1000 | wc -c'`, Buffer.alloc(20_000_000))
    assert.equal(early.stdout.toString(), '1000\n')
  })

  for (const kind of ['a terminal', 'pipes'] as const)
    test(`${way}: when a caller with ${kind} is lost, the program goes with all it started`, async (t) => {
      const line = `${way} sh -c 'trap "" HUP; sleep 4711 & echo ready; wait'`
      const one = kind === 'pipes' ? running(t, [...instance.sshArgv(), '--', line]) : typed(t, line)
      await one.says('ready')
      if (one.started.pid !== undefined) process.kill(-one.started.pid, 'SIGKILL')
      await eventually(async () => {
        assert.deepEqual(await runs(), [])
        assert.doesNotMatch(await inside(), /4711/)
      })
    })
}

test('a program whose caller reads slowly waits, and control keeps little of its output', async (t) => {
  const one = running(t, [...instance.sshArgv(), '--', 'run shop sh -c "head -c 400000000 /dev/zero; echo end >&2"'])
  await one.says('\0')
  one.started.stdout.pause()
  const stats = ['stats', '--no-stream', '--format', '{{.MemUsage}}', name]
  const used = Number(/^([\d.]+)MiB/.exec(ok(await engine.docker(stats)))?.[1])
  assert.ok(used < 250, `control uses ${used} MiB`)
  assert.equal(one.errors(), '')
})

/** Each shell on a terminal, where dokku is a function that shows its words, and ssh has the key of the tests. */
const sshWords = instance.sshArgv().slice(1, -1).join(' ')
const shells: [shell: string, argv: [string, ...string[]]][] = [
  ['bash', ['bash', '--noprofile', '--norc', '-i']],
  ['zsh', ['zsh', '-f', '-i']],
]
for (const [shell, argv] of shells)
  test(`${shell} completes commands, names, flags and values at a tab`, { timeout: 60_000 }, async (t) => {
    const one = onTerminal(t, [24, 200], argv, { DOKKU_HOST: '127.0.0.1', DOKKU_PORT: String(instance.ports.ssh), HOME: instance.dir })
    one.type(`ssh() { command ssh ${sshWords} "$@"; }; dokku() { printf '<%s>' "$@"; echo; }\r`)
    one.type(`eval "$(ssh dokku@127.0.0.1 completion ${shell})"; echo load''ed\r`)
    // Until then ssh would take what is typed.
    await one.says('loaded')
    for (const [typed, expected] of [
      ['apps:cre\tx', '<apps:create><x>'],
      ['config:unset sh\tGREE\tx', '<config:unset><shop><GREETING><x>'],
      ['config:set shop GREE\thi', '<config:set><shop><GREETING=hi>'],
      ["--app shop ps:scale 'web=1' we\t2", '<--app><shop><ps:scale><web=1><web=2>'],
      ['run:list shop --form\tjs\tx', '<run:list><shop><--format><json><x>'],
    ] as const) {
      one.type(`dokku ${typed}\r`)
      await one.says(`${expected}\r\n`)
    }
  })

test('fish completes commands, names, flags and values', async () => {
  const load = `function ssh; command ssh ${sshWords} $argv; end; ssh dokku@127.0.0.1 completion fish | source`
  for (const [typed, expected] of [
    ['dokku apps:cre', 'apps:create'],
    ['dokku config:unset shop ', 'GREETING'],
    ['dokku config:set shop GREE', 'GREETING='],
    ["dokku --app shop ps:scale 'web=1' we", 'web='],
    ['dokku run:list shop --format=', '--format=json\n--format=text'],
  ] as const) {
    const env = { DOKKU_HOST: '127.0.0.1', DOKKU_PORT: String(instance.ports.ssh), HOME: instance.dir }
    const { stdout, stderr } = await ran(['fish', '--no-config', '-c', `${load}; complete -C "${typed}"`], env)
    assert.deepEqual([stdout.toString().trim(), stderr], [expected, ''])
  }
})

for (const way of ways)
  test(`${way}: a program whose control is replaced meanwhile says so and is gone`, async (t) => {
    const one = typed(t, `${way} sh -c 'echo ready; exec sleep 4712'`)
    await one.says('ready')
    ok(await engine.docker(['restart', name]))
    assert.equal(await one.status(), 75)
    assert.match(one.output(), /dokku is being restarted or replaced, and this command ended with it/)
    assert.deepEqual(await runs(), [])
    assert.doesNotMatch(await inside(), /4712/)
  })

test('programs whose control was killed say that the connection was lost, and the next control ends them', async (t) => {
  const both = ways.map((way) => typed(t, `${way} sh -c 'echo ready; exec sleep 4713'`))
  await Promise.all(both.map((one) => one.says('ready')))
  ok(await engine.docker(['kill', name]))
  for (const one of both) {
    assert.equal(await one.status(), 75)
    assert.match(one.output(), /the connection was lost/)
  }
  await eventually(async () => ok(await engine.docker(['start', name])))
  await untilHealthy(engine, name)
  await eventually(async () => {
    assert.deepEqual(await runs(), [])
    assert.doesNotMatch(await inside(), /4713/)
  })
})
