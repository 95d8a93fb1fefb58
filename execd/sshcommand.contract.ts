import assert from 'node:assert/strict'
import { chmod, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { folder, fresh, home, makeKey, sshcommand, sshdFile, user } from './sshcommand/fixture.ts'

const keys = { alice: await makeKey('alice'), bob: await makeKey('bob') }
const { alice, bob } = keys
const defaults = 'no-agent-forwarding,no-user-rc,no-X11-forwarding,no-port-forwarding'

/** Adds a key of the tests, under its own name unless another is given. */
function add(key: keyof typeof keys, name: string = key, env: Record<string, string> = {}) {
  return sshcommand(['acl-add', user, name], { input: keys[key].publicKey, env })
}

await fresh()

test('sshcommand without words is its help and fails; asked for help or its version it does not', async () => {
  const help = await sshcommand([])
  assert.equal(help.status, 1)
  for (const words of [['help'], ['-h'], ['--help']]) assert.deepEqual(await sshcommand(words), { ...help, status: 0 })
  assert.match((await sshcommand(['help', 'acl-add'])).said, /^sshcommand acl-add <USER> <NAME> \[<KEYFILE>\] .*\n$/)
  for (const words of [['version'], ['-v'], ['--version']]) assert.match((await sshcommand(words)).said, /^sshcommand \d+\.\d+\.\d+\n$/)
})

test('sshcommand says what is wrong with its words on stderr, with 1', async () => {
  assert.deepEqual(await sshcommand(['nonsense']), { said: '', stderr: 'Invalid command\n', status: 1 })
  for (const words of [
    ['create', user],
    ['acl-add', user],
    ['acl-remove', user],
    ['acl-remove-by-fingerprint', user],
    ['list'],
    ['auth', user],
  ]) {
    const { said, stderr, status } = await sshcommand(words)
    assert.deepEqual([said, stderr.startsWith(`Usage: sshcommand ${words[0]} <USER>`), status], ['', true, 1])
  }
  for (const nobody of ['nobody-here', '0', '-x', '../x', 'root\n'])
    for (const words of [
      ['acl-add', nobody, 'alice'],
      ['acl-remove', nobody, 'alice'],
      ['list', nobody],
      ['create', nobody, ''],
    ])
      assert.equal((await sshcommand(words, { input: alice.publicKey })).status, 1, words.join(' '))
})

test('create makes an account with a home that sshd takes, and a further one changes its command', async () => {
  await fresh('/bin/first')
  assert.equal(await readFile(join(home, '.sshcommand'), 'utf8'), '/bin/first\n')
  const { uid } = await stat(home)
  for (const [path, mode] of [
    ['.ssh', 0o700],
    ['.ssh/authorized_keys', 0o600],
    ['.sshcommand', 0o600],
  ] as const) {
    const there = await stat(join(home, path))
    assert.deepEqual([there.uid, there.mode & 0o777], [uid, mode], path)
  }
  const again = await sshcommand(['create', user, '/bin/second'], { env: { SSHCOMMAND_VERBOSE_OUTPUT: '1' } })
  assert.deepEqual(again, { said: '', stderr: `the account ${user} exists already\n`, status: 0 })
  assert.equal(await readFile(join(home, '.sshcommand'), 'utf8'), '/bin/second\n')
  assert.equal((await sshcommand(['create', user, "'/bin/second"])).status, 1)
  assert.equal(await readFile(join(home, '.sshcommand'), 'utf8'), '/bin/second\n')
})

test('acl-add takes a key from standard input or a file that only root may read, and prints its fingerprint', async () => {
  await fresh()
  assert.deepEqual(await add('alice'), { said: `${alice.fingerprint}\n`, stderr: '', status: 0 })
  await chmod(folder, 0o700)
  assert.equal((await sshcommand(['acl-add', user, 'bob', join(folder, 'bob.pub')])).said, `${bob.fingerprint}\n`)
  const lines = (await readFile(sshdFile, 'utf8')).trimEnd().split('\n')
  assert.equal(lines.length, 2)
  assert.ok(lines[0]?.startsWith(`command="FINGERPRINT=${alice.fingerprint} NAME=\\"alice\\" `))
  assert.ok(lines[0]?.endsWith(`,${defaults} ${alice.publicKey.trimEnd()}`))
})

test('acl-add refuses a name or a key twice and two keys at once, with 1, and what ssh-keygen would refuse, with 255', async () => {
  await fresh()
  assert.equal((await add('alice')).status, 0)
  assert.equal((await add('alice')).said, `${alice.fingerprint}\n`)
  assert.deepEqual([(await add('bob', 'alice')).status, (await add('alice', 'bob')).status], [1, 1])
  const both = `${alice.publicKey}${bob.publicKey}`
  assert.equal((await sshcommand(['acl-add', user, 'both'], { input: both })).status, 1)
  for (const input of ['', 'test_key\n', `no-pty ${bob.publicKey}`])
    assert.equal((await sshcommand(['acl-add', user, 'bob'], { input })).status, 255, input)
  assert.equal((await sshcommand(['list', user])).said.trim().split('\n').length, 1)
  assert.equal((await add('bob', 'alice', { SSHCOMMAND_CHECK_DUPLICATE_NAME: 'false' })).status, 0)
  assert.equal((await add('bob', 'bob', { SSHCOMMAND_CHECK_DUPLICATE_FINGERPRINT: 'false' })).status, 0)
})

test('acl-remove takes a name for what it is, and is content with one that nobody has', async () => {
  await fresh()
  await add('alice')
  for (const name of ['al.ce', 'alic', '.*', 'a/b', '', '"']) {
    const { status } = await sshcommand(['acl-remove', user, name])
    assert.equal(status, name === '' ? 1 : 0, name)
  }
  assert.match((await sshcommand(['list', user])).said, /NAME="alice"/)
  await add('bob', 'a/b')
  assert.equal((await sshcommand(['acl-remove', user, 'a/b'])).status, 0)
  assert.equal((await sshcommand(['acl-remove-by-fingerprint', user, bob.fingerprint])).status, 0)
  assert.equal((await sshcommand(['acl-remove-by-fingerprint', user, alice.fingerprint])).status, 0)
  assert.equal(await readFile(sshdFile, 'utf8'), '')
})

test('list shows all keys or those of a name, as lines or as an array, and fails when there is none', async () => {
  await fresh()
  const none = await sshcommand(['list', user])
  assert.deepEqual([none.said, none.stderr.includes('No public keys found'), none.status], ['', true, 1])
  const env = { SSHCOMMAND_IGNORE_LIST_WARNINGS: 'true' }
  assert.deepEqual(await sshcommand(['list', user, '', 'json'], { env }), { said: '[]\n', stderr: '', status: 0 })
  await add('alice')
  await add('bob', 'broken user', { SSHCOMMAND_ALLOWED_KEYS: 'no-pty' })
  const line = `${alice.fingerprint} NAME="alice" SSHCOMMAND_ALLOWED_KEYS="${defaults}"\n`
  const other = `${bob.fingerprint} NAME="broken user" SSHCOMMAND_ALLOWED_KEYS="no-pty"\n`
  assert.deepEqual(await sshcommand(['list', user]), { said: line + other, stderr: '', status: 0 })
  assert.equal((await sshcommand(['list', user, 'alice'])).said, line)
  assert.equal((await sshcommand(['list', user, 'carol'])).status, 1)
  const row = {
    fingerprint: alice.fingerprint,
    name: 'alice',
    SSHCOMMAND_ALLOWED_KEYS: defaults,
    'public-key': alice.publicKey.trimEnd(),
  }
  for (const type of ['json', 'JSON']) assert.deepEqual(JSON.parse((await sshcommand(['list', user, 'alice', type])).said), [row])
  assert.equal(JSON.parse((await sshcommand(['list', user, '', 'json'])).said).length, 2)
})

test('list goes on showing what is fine beside a line that is not', async () => {
  await fresh()
  await add('alice')
  await writeFile(sshdFile, `${await readFile(sshdFile, 'utf8')}nonsense\n`)
  const { said, stderr, status } = await sshcommand(['list', user])
  assert.deepEqual([said.includes('NAME="alice"'), stderr, status], [true, `a line of ${sshdFile} did not come from here\n`, 0])
})

test('root is not led out of a home by a link in it', async () => {
  await fresh()
  await rm(join(home, '.ssh'), { recursive: true })
  await symlink('/etc', join(home, '.ssh'))
  const { status } = await add('alice')
  assert.equal(status, 1)
  await assert.rejects(stat('/etc/authorized_keys'))
  await rm(join(home, '.ssh'))
  await fresh()
  await rm(join(home, '.ssh/sshcommand.json'))
  await symlink('/etc/shadow', join(home, '.ssh/sshcommand.json'))
  const { said, stderr } = await sshcommand(['list', user])
  assert.deepEqual([said, /root:/.test(stderr), /permission denied/.test(stderr)], ['', false, true])
})

test('keys that are added at once are all there', async () => {
  await fresh()
  const made = await Promise.all(Array.from({ length: 8 }, (_, at) => makeKey(`k${at}`)))
  const all = await Promise.all(made.map(({ publicKey: input }, at) => sshcommand(['acl-add', user, `k${at}`], { input })))
  assert.deepEqual(new Set(all.map(({ status }) => status)), new Set([0]))
  const listed: { name: string }[] = JSON.parse((await sshcommand(['list', user, '', 'json'])).said)
  assert.deepEqual(listed.map(({ name }) => name).toSorted(), ['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7'])
})

test('auth tells execd who has a key, and refuses one that is not known', async () => {
  await fresh()
  await add('alice')
  const known = alice.publicKey.split(' ').slice(0, 2).join(' ')
  assert.deepEqual(await sshcommand(['auth', user, known]), {
    said: `FINGERPRINT=${alice.fingerprint}\nNAME=alice\n`,
    stderr: '',
    status: 0,
  })
  const { said, status } = await sshcommand(['auth', user, bob.publicKey.trim()])
  assert.deepEqual([said, status], ['', 1])
})
