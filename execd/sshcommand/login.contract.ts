import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { quoteWords } from '#lib/words.ts'
import { onTerminal, ran } from '../fixture.ts'
import { folder, fresh, makeKey, sshcommand, sshdFile, startSshd, user } from './fixture.ts'

const { publicKey, fingerprint } = await makeKey('alice')
await makeKey('bob')
const options = await startSshd()
const client = (key: string, ...words: string[]): [string, ...string[]] => ['ssh', ...options(key), `${user}@127.0.0.1`, ...words]

/** An account with this command, where alice has a key under this name. */
async function setUp(command: string, name = 'alice'): Promise<void> {
  await fresh(command)
  assert.equal((await sshcommand(['acl-add', user, name], { input: publicKey })).status, 0)
}

async function ssh(key: string, ...words: string[]) {
  const { stdout, stderr, status } = await ran(client(key, ...words))
  return { said: stdout.toString(), stderr, status }
}

test('a key runs the command, with the fixed words and its own as they were typed, and says who it is', async () => {
  const program = join(folder, 'program')
  await writeFile(program, '#!/bin/sh\nprintf "%s|" "$NAME" "$FINGERPRINT" "$SSH_ORIGINAL_COMMAND" "$USER" "$@"; exit 3\n')
  await chmod(program, 0o755)
  await setUp(`${program} 'two words'`, 'alice b')
  const typed = `git-receive-pack 'my app' * $HOME "" \`id\` ; # 'two\nlines'`
  const words = ['git-receive-pack', 'my app', '*', '$HOME', '', '`id`', ';', '#', 'two\nlines']
  const said = ['alice b', fingerprint, typed, user, 'two words', ...words].map((word) => `${word}|`).join('')
  assert.deepEqual(await ssh('alice', typed), { said, stderr: '', status: 3 })
  assert.deepEqual(await ssh('alice'), {
    said: ['alice b', fingerprint, '', user, 'two words', ''].join('|'),
    stderr: '',
    status: 3,
  })
  const broken = await ssh('alice', "one 'two")
  assert.deepEqual([broken.said, /quote/.test(broken.stderr), broken.status], ['', true, 1])
  assert.equal((await ssh('bob', 'x')).status, 255)
})

test('a key is a program on a terminal where one is asked for, with input, and its signals as any program has them', async (t) => {
  await setUp('/bin/sh -c')
  assert.equal((await ssh('alice', "'grep SigIgn /proc/self/status'")).said, 'SigIgn:\t0000000000000000\n')
  const { stdout } = await ran(client('alice', "'read line; echo got $line'"), {}, 'input\n')
  assert.equal(stdout.toString(), 'got input\n')
  const terminal = onTerminal(t, [30, 100], client('alice', '-t', "'stty size; exit 9'"))
  assert.equal(await terminal.status(), 9)
  assert.match(terminal.output(), /30 100/)
})

test('a program finds the environment that sshd gives, and who it is', async () => {
  await setUp('/usr/bin/env')
  const names = (await ssh('alice')).said
    .trimEnd()
    .split('\n')
    .map((line) => line.split('=')[0])
  for (const name of ['FINGERPRINT', 'HOME', 'NAME', 'PATH', 'SSH_CONNECTION', 'USER']) assert.ok(names.includes(name), name)
  assert.ok(!names.some((name) => name?.startsWith('NODE_')))
  assert.equal((await readdir(`/home/${user}/.cache/sshcommand`)).length, 1)
})

test('a key whose program is not there says so, with 127', async () => {
  await setUp('/no/such/program')
  const { stderr, status } = await ssh('alice', 'x')
  assert.deepEqual([status, /no\/such\/program/.test(stderr)], [127, true])
})

test('a key that was removed is out, though sshd has not heard of it yet', async () => {
  await setUp('/bin/echo')
  const lines = await readFile(sshdFile, 'utf8')
  assert.equal((await ssh('alice', 'hello')).said, 'hello\n')
  await sshcommand(['acl-remove', user, 'alice'])
  assert.match((await ssh('alice', 'hello')).stderr, /Permission denied/)
  await writeFile(sshdFile, lines)
  const { said, stderr } = await ssh('alice', 'hello')
  assert.deepEqual([said, /not let in here any more/.test(stderr)], ['', true])
})

test('the account looks after its own keys without root, and nobody else does', async () => {
  await fresh()
  assert.equal((await sshcommand(['create', user, '/bin/echo own'], { as: user })).status, 0)
  assert.equal((await sshcommand(['acl-add', user, 'alice'], { as: user, input: publicKey })).status, 0)
  assert.equal((await ssh('alice', 'hello')).said, 'own hello\n')
  assert.equal((await sshcommand(['list', user], { as: user })).status, 0)
  for (const words of [
    ['list', user],
    ['acl-remove', user, 'alice'],
    ['create', user, '/bin/sh'],
    ['create', 'sc-nobody', '/bin/sh'],
  ])
    assert.equal((await sshcommand(words, { as: 'nobody' })).status, 1, words.join(' '))
})

test('the example of the README does what it says', async () => {
  await fresh()
  const page = await readFile(join(import.meta.dirname, 'README.md'), 'utf8')
  const [, example = ''] = /```sh\n([\s\S]*?)```/.exec(page) ?? []
  const bin = join(folder, 'bin')
  const script = (name: string, ...words: string[]) =>
    writeFile(join(bin, name), `#!/bin/sh\nexec ${quoteWords(words)} "$@"\n`, { mode: 0o755 })
  await mkdir(bin)
  await mkdir(join(folder, '.ssh'))
  await writeFile(join(folder, '.ssh/id_ed25519.pub'), publicKey)
  await script('sshcommand', process.execPath, join(import.meta.dirname, '../sshcommand.ts'))
  await script('ssh', '/usr/bin/ssh', ...options('alice'))
  const env = { HOME: folder, PATH: `${bin}:${process.env.PATH}` }
  const { stdout, stderr, status } = await ran(['sh', '-e', '-c', example.replaceAll(/\bapp\b/g, user)], env)
  const listed = `${fingerprint} NAME="alice" SSHCOMMAND_ALLOWED_KEYS="no-agent-forwarding,no-user-rc,no-X11-forwarding,no-port-forwarding"`
  assert.deepEqual([stdout.toString(), stderr, status], [`${fingerprint}\nhello\ntwo words\n${listed}\n`, '', 0])
})
